"use strict";
/* The page: one cell shown at a time, what moves in it, what is seen of it, and `window.symgate`
 * for people who script it. */

const TOLD = JSON.parse(find("told").textContent, (_, value) => bare(value)), VERSION = "1";
const USUAL = { hidden: 32, lags: 200, seed: 0, scheme: "pytorch", gain: 1, scale: 1, tMax: 200, norm: "spectral" };
const USUAL_LAG = 20; // that is read
/** A cell that a reader types bears a name that no cell of the page has. */
const TYPED = ["typed", "typed here", "typed by you"].find((name) => !TOLD.cells.some((told) => told.name === name)) ?? "\u200btyped";
const BUDGET = 14; // milliseconds for a frame while something moves
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Page {
  constructor() {
    this.cells = new Map();
    for (const told of TOLD.cells) this.add(told);
    this.chart = new Chart(find("chart"));
    this.controls = new Controls(find("controls"), (part) => this.move(part), (part) => this.preset(part));
    this.lag = USUAL_LAG;
    this.costs = new Map();
    this.asked = 0;
    this.startWorker();
    this.listen();
    find("page").hidden = false;
    this.open();
    addEventListener("hashchange", ({ newURL }) => this.open(new URL(newURL).hash)); // the address may be of the view again by now
  }

  add(told) {
    try {
      const lesson = new Lesson(told.text, told);
      const settings = { ...USUAL, values: bare({}), of: told.of ?? lesson.usual, wrt: told.wrt ?? lesson.usual };
      settings.hidden = Math.min(settings.hidden, lesson.hasMatrices ? 8 : 32);
      this.cells.set(told.name, { told, lesson, settings, usual: { ...settings } });
    } catch (error) {
      this.cells.set(told.name, { told, error });
    }
  }

  get shown() {
    return this.cells.get(this.name);
  }

  // -- what is computed ----------------------------------------------------------------------

  startWorker() {
    const handler = `
      const lessons = new Map();
      onmessage = ({ data: { id, text, told, settings } }) => {
        settings.values = bare(settings.values);
        try {
          if (!lessons.has(text)) lessons.set(text, new Lesson(text, told));
          postMessage({ id, result: lessons.get(text).measure(settings, { exactly: true, fully: true }) });
        } catch (error) { postMessage({ id, error: error.message }); }
      };`;
    try {
      const address = URL.createObjectURL(new Blob([find("engine").textContent, handler], { type: "text/javascript" }));
      this.worker = new Worker(address);
      this.worker.onmessage = ({ data }) => this.answered(data);
      this.worker.onerror = () => {
        this.worker = null;
        if (this.shown) this.rest();
      };
    } catch {
      this.worker = null; // the page computes for itself then
    }
  }

  /** Computes on this thread and paints at once. */
  draw(how = { exactly: true }) {
    const { lesson, settings, told } = this.shown, start = performance.now();
    if (!lesson) return this.paintFault(this.shown.error);
    try {
      this.result = lesson.measure(settings, how);
    } catch (error) {
      return this.paintFault(error);
    }
    const previous = this.last;
    if (this.result.log10 && how.fully) this.last = { name: told.name, shares: this.result.shares, rest: this.result.rest };
    else if (this.result.log10) this.last = { name: told.name, shares: previous?.name === told.name ? previous.shares : [], rest: previous?.name === told.name ? previous.rest : null };
    this.paint();
    this.milliseconds = performance.now() - start;
    if (how.exactly && !how.fully) this.costs.set(this.costKey(), this.milliseconds);
    this.dirty = !how.exactly;
  }

  costKey() {
    const { settings } = this.shown;
    return [this.name, settings.hidden, settings.lags].join();
  }

  /** What an exact curve takes on this thread, in milliseconds: measured, or guessed. */
  cost() {
    const { settings, lesson } = this.shown;
    return this.costs.get(this.costKey()) ?? (settings.hidden ** 3 * settings.lags * (lesson?.hasMatrices ? 40 : 4)) / 2e6;
  }

  /** Something moves: a frame now, the whole at rest. */
  soon(moved = true) {
    this.dirty ||= moved;
    this.asked += 1;
    clearTimeout(this.resting);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.dirty) return;
      this.draw({ exactly: this.cost() < BUDGET });
    });
    this.resting = setTimeout(() => this.rest(), 180);
  }

  /** At rest: every row, with shares of the paths, away from this thread. */
  rest() {
    const { lesson, settings, told } = this.shown;
    this.toAddress();
    if (!lesson) return;
    const id = this.asked;
    if (this.worker) this.worker.postMessage({ id, text: told.text, told: { roles: told.roles, biases: told.biases, keeps: told.keeps, added: told.added, doubled: told.doubled }, settings });
    else this.draw({ exactly: true, fully: true });
  }

  answered({ id, result, error }) {
    if (id !== this.asked) return;
    if (error || result.overflow) {
      if (this.dirty) this.draw();
      return;
    }
    this.result = result;
    this.dirty = false;
    this.last = { name: this.name, shares: result.shares, rest: result.rest };
    if (result.leading) this.shown.lesson.leading = result.leading;
    this.paint();
  }

  // -- what moves ----------------------------------------------------------------------------

  /** Takes a part of the settings, and what is out of bounds to the nearest that is not. */
  take(part) {
    const { lesson, settings } = this.shown, said = [];
    const bounded = (name, words, low, high) => {
      if (part[name] === undefined) return;
      if (part[name] === null) return void said.push(`${words}: a number from ${low} to ${high} belongs here; it stays at ${settings[name]}.`);
      const value = part[name] === "" ? NaN : Number(part[name]);
      if (!Number.isFinite(value)) throw new Error(`${words} must be a number, not ${part[name]}`);
      const whole = ["hidden", "lags", "seed"].includes(name) ? Math.round(value) : value;
      settings[name] = Math.min(high, Math.max(low, whole));
      if (whole !== settings[name]) said.push(`${words}: this page takes ${low} to ${high}, not ${whole}; it shows ${settings[name]}.`);
    };
    bounded("hidden", "Units", 1, lesson.mostUnits);
    bounded("lags", "Lags", 1, MOST_LAGS);
    bounded("seed", "Seed", 0, 2 ** 31);
    bounded("gain", "Gain", 0, 100);
    bounded("scale", "Spread", 0, 100);
    bounded("tMax", "T", 2, 1e6);
    const { cell } = lesson, known = { of: [...cell.states, ...cell.gates], wrt: [...cell.states, ...cell.inputs, ...cell.gates], norm: ["spectral", "frobenius"], scheme: SCHEMES };
    for (const [name, options] of Object.entries(known)) {
      if (part[name] === undefined) continue;
      if (!options.includes(part[name])) throw new Error(`${name} must be one of ${options.join(", ")}, not ${part[name]}`);
      settings[name] = part[name];
    }
    const values = bare(part.values ?? {});
    for (const [gate, value] of Object.entries(part.bias ?? {})) {
      const name = this.shown.told.biases?.[gate] ?? [...lesson.added].find(([, line]) => line === gate)?.[0] ?? gate;
      values[name] = value;
    }
    for (const [name, value] of Object.entries(values)) {
      if (!cell.parameters.has(name)) throw new Error(`${this.name} has no parameter ${name}`);
      if (value === null) delete settings.values[name];
      else if (Number.isFinite(Number(value))) settings.values[name] = Number(value);
      else throw new Error(`${name} must be a number, not ${value}`);
    }
    const own = ["hidden", "lags", "seed", "gain", "scale", "tMax", "of", "wrt", "norm", "scheme", "values", "bias"];
    for (const name of Object.keys(part)) if (!own.includes(name)) throw new Error(`there is no setting ${name}: ${own.join(", ")}`);
    this.say(said.join(" "));
  }

  move(part) {
    this.keepGhost();
    this.take(part.scheme === "chrono" ? { ...part, tMax: Math.max(2, this.shown.settings.lags) } : part);
    if (["hidden", "lags", "seed"].some((name) => part[name] !== undefined)) this.controls.show(this.shown.settings);
    this.soon();
  }

  preset(part) {
    this.keepGhost(true);
    this.shown.settings.values = bare({});
    this.take(part.scheme === "chrono" ? { ...part, tMax: Math.max(2, this.shown.settings.lags) } : part);
    this.controls.show(this.shown.settings);
    this.soon();
  }

  /** The curve as it was before something moved stays as a ghost. */
  keepGhost(always = false) {
    const now = performance.now();
    if (this.result?.log10 && (always || now - (this.movedAt ?? -1e9) > 900)) this.ghost = { name: this.name, values: this.result.log10.slice() };
    this.movedAt = now;
  }

  choose(name) {
    if (!this.cells.has(name)) throw new Error(`no cell is called ${name}: ${[...this.cells.keys()].join(", ")}`);
    this.stop();
    const before = this.name === name ? null : this.result?.log10;
    this.ghost = before ? { name: this.name, values: before.slice(), other: true } : null;
    this.name = name;
    this.lit = this.last = this.guess = null;
    if (this.hiding && this.shown.lesson) this.guess = this.usualGuess();
    if (this.hiding !== undefined && !this.hiding) find("guessing").hidden = true;
    this.chart.range = null;
    find("interfering").hidden = true;
    this.tabs();
    const { lesson, told, settings, error } = this.shown;
    this.say("");
    if (!lesson) {
      this.paintFault(error);
      this.listed = null;
      for (const id of ["controls", "chart", "ribbon", "shares", "state", "equations", "jacobian", "diagram", "heat", "python"]) find(id).replaceChildren();
      return;
    }
    this.controls.build(lesson, told, settings);
    this.formulas();
    this.picturing();
    this.lag = Math.min(this.lag, settings.lags);
    if (["", this.offered].includes(find("typed").value)) {
      this.offered = find("typed").value = told.text;
    }
    this.soon();
  }

  // -- listening -----------------------------------------------------------------------------

  listen() {
    const on = (id, event, act) => find(id).addEventListener(event, act);
    on("chart", "pointermove", (event) => {
      if (this.hiding) {
        if (event.buttons) this.drawGuess(event);
        return;
      }
      if (!this.chart.scale || !this.result?.log10) return;
      this.lag = this.chart.at(event).k;
      this.read();
    });
    on("chart", "pointerdown", (event) => {
      if (!this.hiding) return;
      find("chart").setPointerCapture(event.pointerId);
      this.penAt = null;
      this.drawGuess(event);
    });
    on("lag", "input", () => {
      this.lag = Number(find("lag").value);
      this.read();
    });
    on("play", "click", () => this.play());
    on("predict", "click", () => this.predicting(!this.hiding));
    on("guess", "input", () => {
      this.guess = this.line(10 ** Number(find("guess").value));
      this.showGuess();
      this.paint();
    });
    on("reveal", "click", () => this.reveal());
    on("projector", "click", () => {
      const big = document.documentElement.classList.toggle("big");
      find("projector").setAttribute("aria-pressed", String(big));
      this.paint();
      this.toAddress();
    });
    on("copy", "click", (event) => this.copy(event.currentTarget, find("python").textContent));
    on("link", "click", (event) => this.copy(event.currentTarget, location.href.split("#")[0] + this.address()));
    on("save-svg", "click", () => this.chart.drawn && this.save(this.picture(), "image/svg+xml", "svg"));
    on("save-png", "click", () => this.chart.drawn && this.savePNG());
    on("save-csv", "click", () => this.result?.log10 && this.save(this.csv(), "text/csv", "csv"));
    on("use", "click", () => this.useTyped());
    on("numbers", "toggle", () => this.result?.log10 && this.table());
    addEventListener("resize", () => this.result?.log10 && this.paint());
    on("theme", "click", () => {
      THEME.turn();
      this.worn();
      this.toAddress();
    });
    THEME.system.addEventListener("change", () => this.worn());
    this.stop();
    this.worn();
  }
}

Object.assign(Page.prototype, Seeing, Guessing, Taking);
