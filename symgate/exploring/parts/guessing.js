"use strict";
/* Predict first, and the gradient walking back step by step. Methods of `Page`. */

const Guessing = {
  // -- guessing ------------------------------------------------------------------------------

  predicting(on) {
    if (!this.shown.lesson) return;
    this.stop();
    this.hiding = on;
    find("guess").disabled = find("reveal").disabled = false;
    this.guess = on ? this.usualGuess() : null;
    find("predict").setAttribute("aria-pressed", String(on));
    find("guessing").hidden = !on;
    find("verdict").textContent = "";
    document.body.classList.toggle("guess-mode", on);
    if (on) find("story").textContent = "What will the gradient do? Draw it, then look.";
    this.showGuess();
    this.paint();
  },

  usualGuess() {
    return this.line(10 ** Number(find("guess").value));
  },

  line(half) {
    return Array.from({ length: this.shown.settings.lags + 1 }, (_, k) => -k * Math.log10(2) / half);
  },

  showGuess() {
    find("guess-value").value = `${round(10 ** Number(find("guess").value))} steps`;
  },

  /** The guess drawn with the pointer, from the last point to this one. */
  drawGuess(event) {
    const { k, v } = this.chart.at(event), from = this.penAt ?? { k, v };
    this.guess = Array.from({ length: this.shown.settings.lags + 1 }, (_, i) => this.guess?.[i] ?? -i);
    for (let i = Math.min(k, from.k); i <= Math.max(k, from.k); i++) {
      this.guess[i] = k === from.k ? v : from.v + (v - from.v) * (i - from.k) / (k - from.k);
    }
    for (let i = k + 1; k >= from.k && i < this.guess.length; i++) this.guess[i] = v;
    this.penAt = { k, v };
    this.paint();
  },

  reveal() {
    const log10 = this.result?.log10, half = (values) => {
      const slope = slopeOf(values);
      if (!Number.isFinite(slope) || Math.abs(slope) < 1e-4) return "it keeps its size";
      return `it ${slope < 0 ? "halves" : "doubles"} every ${round(Math.log10(2) / Math.abs(slope))} steps`;
    };
    this.hiding = false;
    find("guess").disabled = find("reveal").disabled = true;
    document.body.classList.remove("guess-mode");
    find("predict").setAttribute("aria-pressed", "false");
    if (log10 && this.guess) find("verdict").textContent = `You guessed that ${half(this.guess)}; ${half([...log10])}.`;
    this.paint();
  },

  // -- going back ----------------------------------------------------------------------------

  play() {
    const { lags } = this.shown.settings;
    if (this.playing) return this.stop();
    if (still.matches) {
      this.lag = this.lag >= lags ? 0 : this.lag + 1;
      return this.read();
    }
    if (this.lag >= lags) this.lag = 0;
    find("play").textContent = "Stop";
    const each = Math.max(40, Math.min(180, 12000 / lags));
    this.playing = setInterval(() => {
      this.lag += 1;
      this.read();
      if (this.lag >= lags) this.stop();
    }, each);
  },

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    find("play").textContent = still.matches ? "Next step" : "Play";
  },
};
