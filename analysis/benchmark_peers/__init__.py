"""How long does the curve of ‖∂h_t/∂h_{t-k}‖ over all lags take, and what else could one use?"""
