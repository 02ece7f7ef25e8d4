"""The live page: cells whose gradient a reader moves, in one file that asks for nothing."""
