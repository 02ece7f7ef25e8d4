"use strict";
/* The page: one cell shown at a time, what moves in it, what is seen of it, and `window.symgate`
 * for people who script it. */

const TOLD = JSON.parse(find("told").textContent), VERSION = "1";
const USUAL = { hidden: 32, lags: 200, seed: 0, scheme: "pytorch", gain: 1, scale: 1, tMax: 200, norm: "spectral" };
const BUDGET = 14; // milliseconds for a frame while something moves
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Page {
  constructor() {
    this.cells = new Map();
    for (const told of TOLD.cells) this.add(told);
    this.chart = new Chart(find("chart"));
    this.controls = new Controls(find("controls"), (part) => this.move(part), (part) => this.preset(part));
    this.lag = 20;
    this.costs = new Map();
    this.asked = 0;
    this.startWorker();
    this.listen();
    find("page").hidden = false;
    this.open();
    addEventListener("hashchange", () => this.open());
  }

  add(told) {
    try {
      const lesson = new Lesson(told.text, told);
      const settings = { ...USUAL, values: {}, of: told.of ?? lesson.usual, wrt: told.wrt ?? lesson.usual };
      settings.hidden = Math.min(settings.hidden, lesson.hasMatrices ? 8 : 32);
      this.cells.set(told.name, { told, lesson, settings });
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
        try {
          if (!lessons.has(text)) lessons.set(text, new Lesson(text, told));
          postMessage({ id, result: lessons.get(text).measure(settings, { exactly: true, fully: true }) });
        } catch (error) { postMessage({ id, error: error.message }); }
      };`;
    try {
      const address = URL.createObjectURL(new Blob([find("engine").textContent, handler], { type: "text/javascript" }));
      this.worker = new Worker(address);
      this.worker.onmessage = ({ data }) => this.answered(data);
      this.worker.onerror = () => { this.worker = null; };
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
    if (this.result.log10) this.last = { name: told.name, shares: previous?.name === told.name ? previous.shares : [], rest: previous?.name === told.name ? previous.rest : null };
    this.paint();
    this.milliseconds = performance.now() - start;
    if (how.exactly) this.costs.set(this.costKey(), this.milliseconds);
    this.dirty = !how.exactly;
  }

  costKey() {
    const { settings } = this.shown;
    return [this.name, settings.hidden, settings.lags].join();
  }

  /** Something moves: a frame now, the whole at rest. */
  soon(moved = true) {
    this.dirty ||= moved;
    this.asked += 1;
    clearTimeout(this.resting);
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.dirty) return;
      const cost = this.costs.get(this.costKey());
      const { settings, lesson } = this.shown;
      const guess = cost ?? (settings.hidden ** 3 * settings.lags * (lesson?.hasMatrices ? 40 : 4)) / 2e6;
      this.draw({ exactly: guess < BUDGET });
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
    else if (this.dirty) this.draw();
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
      const value = Number(part[name]);
      if (!Number.isFinite(value)) throw new Error(`${words} is a number, not ${part[name]}`);
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
      if (!options.includes(part[name])) throw new Error(`${name} is one of ${options.join(", ")}, not ${part[name]}`);
      settings[name] = part[name];
    }
    const values = { ...part.values };
    for (const [gate, value] of Object.entries(part.bias ?? {})) {
      const name = this.shown.told.biases?.[gate] ?? [...lesson.added].find(([, line]) => line === gate)?.[0] ?? gate;
      values[name] = value;
    }
    for (const [name, value] of Object.entries(values)) {
      if (!cell.parameters.has(name)) throw new Error(`${this.name} has no parameter ${name}`);
      if (value === null) delete settings.values[name];
      else if (Number.isFinite(Number(value))) settings.values[name] = Number(value);
      else throw new Error(`${name} is a number, not ${value}`);
    }
    const own = ["hidden", "lags", "seed", "gain", "scale", "tMax", "of", "wrt", "norm", "scheme", "values", "bias"];
    for (const name of Object.keys(part)) if (!own.includes(name)) throw new Error(`there is no setting ${name}: ${own.join(", ")}`);
    this.say(said.join(" "));
  }

  move(part) {
    this.keepGhost();
    this.take(part);
    if (part.hidden !== undefined || part.lags !== undefined) this.controls.show(this.shown.settings);
    this.soon();
  }

  preset(part) {
    this.keepGhost(true);
    this.shown.settings.values = {};
    this.take(part);
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
    const before = this.name === name ? null : this.result?.log10;
    this.ghost = before ? { name: this.name, values: before.slice(), other: true } : null;
    this.name = name;
    this.lit = this.last = this.guess = null;
    if (this.hiding !== undefined && !this.hiding) find("guessing").hidden = true;
    this.chart.range = null;
    this.tabs();
    const { lesson, told, settings, error } = this.shown;
    this.say("");
    if (!lesson) {
      this.paintFault(error);
      return;
    }
    this.controls.build(lesson, told, settings);
    this.formulas();
    find("drawing").hidden = !told.diagram;
    find("diagram").innerHTML = told.diagram ?? "";
    this.lag = Math.min(this.lag, settings.lags);
    if (["", this.offered].includes(find("typed").value)) {
      this.offered = find("typed").value = told.text;
    }
    this.soon();
  }

  // -- what is seen --------------------------------------------------------------------------

  tabs() {
    find("cells").replaceChildren(...[...this.cells].map(([name, { told }]) => element("button", {
      type: "button", "aria-pressed": String(name === this.name), title: told.title, onclick: () => this.choose(name),
    }, name)));
  }

  say(words) {
    find("notice").textContent = words;
    find("notice").hidden = !words;
  }

  paintFault(error) {
    find("story").textContent = "This cell cannot be shown.";
    this.say(error.message);
    this.result = null;
  }

  paint() {
    const { result } = this, { settings, told, lesson } = this.shown;
    find("python").textContent = python(lesson, told, settings);
    if (result.overflow) {
      const { name, step } = result.overflow;
      find("story").textContent = `${name} overflows at step ${step + 1}: its numbers leave what a computer holds.`;
      find("state").textContent = "Lower the gain, a bias or the inputs; the last curve stays.";
      return;
    }
    if (!this.hiding) find("story").textContent = sentences(result.log10, settings);
    const lines = [], beside = (values, kind, label, fits) => values && lines.push({ values: [...values], kind, label, fits });
    const told_ = this.hiding ? null : result;
    if (told_) beside(result.bound, "bound", "bound", false);
    if (told_ && this.last?.rest !== null && this.last?.rest !== undefined) {
      const from = Number.isFinite(result.log10[0]) ? result.log10[0] : result.log10[1] ?? 0;
      beside(Array.from(result.log10, (_, k) => from + k * this.last.rest), "rest", "at rest", false);
    }
    if (told_ && this.ghost && !this.ghost.other) beside(this.ghost.values.slice(0, settings.lags + 1), "ghost", "before", false);
    if (told_ && this.ghost?.other) beside(this.ghost.values.slice(0, settings.lags + 1), "ghost", this.ghost.name, false);
    if (told_) beside(result.log10, result.exactly ? "curve" : "estimate", told.name);
    else lines.push({ values: [1, -12], kind: "none" });
    if (this.guess) beside(this.guess, "guess", "your guess");
    this.chart.draw({ lines, lags: settings.lags });
    const method = result.exactly ? "exact" : "an estimate from 8 rows while it moves";
    find("state").textContent = this.hiding ? "" : `∂${settings.of}ₜ/∂${settings.wrt}ₜ₋ₖ, ${settings.norm} norm, ${method}; ${settings.hidden} unit${settings.hidden === 1 ? "" : "s"}, ${result.steps} steps of normal inputs. “bound” multiplies the norms of the parts; “at rest” is the rate with no input.`;
    find("lag").max = settings.lags;
    this.heat();
    this.read();
    if (find("numbers").open) this.table();
  }

  heat() {
    const { gates, steps } = this.result, { told } = this.shown;
    find("gates").hidden = !gates.length;
    if (find("heat").children.length !== gates.length || this.heated !== this.name) {
      find("heat").replaceChildren(...gates.map(({ name }) => element("div", { class: "gate" },
        element("span", {}, nameShown(name), " ", element("small", {}, told.roles?.[name] ?? "")), element("span", { class: "strip" }, element("canvas", { role: "img", "aria-label": `${name} over time` })), element("output"))));
      this.heated = this.name;
    }
    gates.forEach((gate, i) => {
      const [, strip, output] = find("heat").children[i].children, canvas = strip.firstChild, mean = gate.values.reduce((a, b) => a + b, 0) / gate.values.length;
      drawHeat(canvas, gate, steps, true);
      output.value = `mean ${(Math.round(mean * 100) / 100 || 0).toFixed(2).replace("-", "−")}`;
    });
  }

  colour(path) {
    const { told } = this.shown, dark = matchMedia("(prefers-color-scheme: dark)").matches ? 1 : 0;
    const names = path.split(", "), known = told.colours?.[path] ?? told.colours?.[names.at(-1)];
    if (known) return known[dark];
    const others = [["#0072B2", "#4DA9E0"], ["#D55E00", "#F28C45"], ["#008060", "#2DB893"], ["#A8508A", "#DB8DC0"], ["#C07800", "#E0A33A"]];
    return others[[...path].reduce((a, c) => a + c.charCodeAt(0), 0) % others.length][dark];
  }

  /** The value and the shares at the lag that is read. */
  read() {
    const { result, lag } = this, { settings } = this.shown;
    if (!result?.log10) return;
    const k = Math.min(lag, settings.lags), shares = this.last?.shares ?? [];
    find("lag").value = k;
    find("lag-value").value = k;
    find("step").textContent = k ? `from lag ${k - 1} to lag ${k}` : "";
    find("heat").style.setProperty("--at", String(1 - k / result.steps));
    find("lag").setAttribute("aria-valuetext", `lag ${k}: ${shownPower(result.log10[k])}`);
    if (!this.hiding) this.chart.read(k, result.log10, `lag ${k}: ${shownPower(result.log10[k])}`);
    find("ribbon").hidden = find("shares").hidden = this.hiding || !shares.length;
    if (this.hiding || !shares.length) return;
    const here = shares[Math.min(Math.max(k - 1, 0), shares.length - 1)];
    drawRibbon(find("ribbon"), shares, settings.lags, (p) => this.colour(p), this.lit, this.chart.scale);
    const paths = pathsOf(shares), percent = (p) => `${String(Math.round((here.get(p) ?? 0) * 100) || 0).replace("-", "−")} %`;
    if (this.listed !== paths.join("|") + this.name) {
      this.listed = paths.join("|") + this.name;
      find("shares").replaceChildren(...paths.map((p) => element("li", {}, element("button", { type: "button", "data-path": p, ...this.lighting(p) }, element("i"), element("span")))));
    }
    paths.forEach((p, i) => {
      const button = find("shares").children[i].firstChild;
      button.firstChild.style.background = this.colour(p);
      button.lastChild.textContent = `${p === "carry" || p === "direct" ? p : `through ${p}`} ${percent(p)}`;
      button.classList.toggle("lit", this.lit === p);
    });
    for (const term of document.querySelectorAll(".term")) {
      const bar = term.querySelector("i"), path = term.dataset.path;
      bar.style.width = `${100 * Math.min(1, Math.abs(here.get(path) ?? 0))}%`;
      bar.style.background = this.colour(path);
      term.classList.toggle("lit", this.lit === path);
    }
    this.widths(here);
  }

  /** The diagram's lines as wide as what passes through them. */
  widths(here) {
    const { told } = this.shown;
    for (const [name, [colour]] of Object.entries(told.colours ?? {})) {
      const part = [...here].filter(([path]) => path.split(", ").includes(name)).reduce((sum, [, v]) => sum + Math.abs(v), 0);
      for (const line of find("diagram").querySelectorAll(`path.c${colour.slice(1)}[stroke-width]`)) {
        line.setAttribute("stroke-width", (1 + 5 * Math.min(1, part)).toFixed(1));
        line.classList.toggle("lit", Boolean(this.lit?.split(", ").includes(name)));
      }
    }
  }

  lighting(path) {
    const light = (value) => () => {
      this.lit = value;
      this.read();
    };
    return { onpointerenter: light(path), onpointerleave: light(null), onfocus: light(path), onblur: light(null) };
  }

  formulas() {
    const { told, lesson } = this.shown;
    find("equations").innerHTML = told.equations ?? equationsML(lesson.cell);
    const blocks = Object.entries(told.blocks ?? {}).filter(([, terms]) => terms.length);
    find("jacobian-title").hidden = find("jacobian").hidden = !blocks.length;
    find("jacobian").replaceChildren(...blocks.map(([pair, terms]) => {
      const [of, wrt] = pair.split(","), left = element("span");
      left.innerHTML = `<math><mfrac><mrow><mo>∂</mo>${nameML(of, 0)}</mrow><mrow><mo>∂</mo>${nameML(wrt, 1)}</mrow></mfrac><mo>=</mo></math>`;
      const row = element("div", { class: "block" }, left);
      terms.forEach(({ path, mathml }, i) => {
        if (i) row.append(element("span", {}, "+"));
        const term = element("button", { type: "button", class: "term", "data-path": path, title: path === "carry" ? "the carry" : `through ${path}`, ...this.lighting(path) });
        term.innerHTML = `${mathml}<i></i>`;
        row.append(term);
      });
      return row;
    }));
  }

  table() {
    const { log10, bound } = this.result, lags = [...log10.keys()].filter((k) => k <= 10 || k % Math.ceil(log10.length / 20) === 0);
    const cells = (kind, ...words) => element("tr", {}, ...words.map((w) => element(kind, {}, w)));
    find("table").replaceChildren(element("table", {}, cells("th", "lag", "norm", "bound"), ...lags.map((k) => cells("td", String(k), shownPower(log10[k]), shownPower(bound[k])))));
  }

  // -- guessing ------------------------------------------------------------------------------

  predicting(on) {
    this.hiding = on;
    this.guess = on ? this.line(10 ** Number(find("guess").value)) : null;
    find("predict").setAttribute("aria-pressed", String(on));
    find("guessing").hidden = !on;
    find("verdict").textContent = "";
    document.body.classList.toggle("guess-mode", on);
    if (on) find("story").textContent = "What will the gradient do? Draw it, then look.";
    this.showGuess();
    this.paint();
  }

  line(half) {
    return Array.from({ length: this.shown.settings.lags + 1 }, (_, k) => -k * Math.log10(2) / half);
  }

  showGuess() {
    find("guess-value").value = `${round(10 ** Number(find("guess").value))} steps`;
  }

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
  }

  reveal() {
    const { log10 } = this.result, half = (values) => {
      const slope = slopeOf(values);
      if (!Number.isFinite(slope) || Math.abs(slope) < 1e-4) return "it keeps its size";
      return `it ${slope < 0 ? "halves" : "doubles"} every ${round(Math.log10(2) / Math.abs(slope))} steps`;
    };
    this.hiding = false;
    document.body.classList.remove("guess-mode");
    find("predict").setAttribute("aria-pressed", "false");
    find("verdict").textContent = `You guessed that ${half(this.guess)}; ${half([...log10])}.`;
    this.paint();
  }

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
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    find("play").textContent = still.matches ? "Next step" : "Play";
  }

  // -- the address ---------------------------------------------------------------------------

  /** Opens what the address says; what it says and this page does not know is left out. */
  open() {
    const words = new URLSearchParams(location.hash.slice(1)), said = [];
    const text = words.get("text"), name = words.get("cell");
    if (text) find("typed").value = text;
    if (text && !this.useTyped(false)) said.push("The cell of this bookmark cannot be read.");
    const known = this.cells.has(name) ? name : text && this.cells.has("typed") ? "typed" : TOLD.cells[0].name;
    this.choose(known);
    if (![...words].length) {
      requestAnimationFrame(() => setTimeout(() => this.dirty && this.draw())); // the page first
      return;
    }
    if (words.get("v") !== VERSION) said.push("This bookmark is of another version; what both know is shown.");
    if (name !== null && name !== known) said.push(`This page has no cell ${name}.`);
    if (this.shown.lesson) {
      this.shown.settings.values = {};
      for (const [key, value] of words) {
        const number = value.trim() === "" ? NaN : Number(value), numeric = ["hidden", "lags", "seed", "gain", "scale", "tMax"].includes(key);
        const part = key.startsWith("p.") ? { values: { [key.slice(2)]: number } } : { [key]: numeric ? number : value };
        if (["v", "cell", "text", "k", "predict"].includes(key)) continue;
        try {
          this.take(part);
        } catch (error) {
          said.push(`Left out: ${error.message}.`);
        }
      }
      const k = Math.round(Number(words.get("k")));
      if (words.has("k") && k >= 0) this.lag = Math.min(k, this.shown.settings.lags);
      this.controls.show(this.shown.settings);
    }
    this.draw();
    if (said.length) this.say(said.join(" "));
    if (words.get("predict") === "1") this.predicting(true);
  }

  address() {
    const { settings, told } = this.shown, words = new URLSearchParams({ v: VERSION, cell: this.name });
    for (const key of ["hidden", "lags", "seed", "gain", "scale", "scheme", "of", "wrt", "norm"]) words.set(key, settings[key]);
    for (const [name, value] of Object.entries(settings.values)) words.set(`p.${name}`, value);
    if (this.lag) words.set("k", this.lag);
    if (this.hiding) words.set("predict", "1");
    if (told.typed) words.set("text", told.typed);
    return `#${words}`;
  }

  toAddress() {
    try {
      history.replaceState(null, "", this.address());
    } catch { /* a page in a frame has no address of its own */ }
  }

  // -- a cell of one's own -------------------------------------------------------------------

  useTyped(show = true) {
    const text = find("typed").value;
    try {
      const lesson = new Lesson(text);
      new Machine(lesson.cell, lesson.numbers({ hidden: 3 }), FUNCTIONS);
      find("fault").hidden = true;
      this.add({ name: "typed", title: "a cell of your own", text, typed: text });
      if (show) this.choose("typed");
      return true;
    } catch (error) {
      find("fault").textContent = error instanceof Fault ? error.shown(text) : error.message;
      find("fault").hidden = false;
      return false;
    }
  }

  // -- taking it away ------------------------------------------------------------------------

  picture() {
    const root = find("chart").querySelector("svg").cloneNode(true), css = [...document.styleSheets[0].cssRules].map((r) => r.cssText).join("");
    root.setAttribute("xmlns", SVG);
    const paint = getComputedStyle(document.documentElement), named = ["--page", "--ink", "--soft", "--faint", "--hair", "--accent", "--ghost", "--warn", "--sans"];
    const sheet = svg("style", {}, css.replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, "").replace(/var\((--\w+)\)/g, (all, name) => (named.includes(name) ? paint.getPropertyValue(name).trim() : all)));
    root.prepend(sheet, svg("rect", { width: "100%", height: "100%", fill: paint.getPropertyValue("--page").trim() }));
    return new XMLSerializer().serializeToString(root);
  }

  save(content, kind, ending) {
    const link = element("a", { href: typeof content === "string" ? URL.createObjectURL(new Blob([content], { type: kind })) : URL.createObjectURL(content), download: `${this.name}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  savePNG() {
    const image = new Image(), { wide, tall } = this.chart.scale;
    image.onload = () => {
      const canvas = element("canvas", { width: 3 * wide, height: 3 * tall });
      canvas.getContext("2d").drawImage(image, 0, 0, 3 * wide, 3 * tall);
      canvas.toBlob((blob) => this.save(blob, "image/png", "png"));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.picture())}`;
  }

  csv() {
    const { log10, bound } = this.result, shares = this.last?.shares ?? [], paths = pathsOf(shares);
    const quoted = (word) => `"${word.replaceAll('"', '""')}"`;
    const rows = [["lag", "log10_norm", "log10_bound", ...paths.map((p) => quoted(`share ${p}`))].join(",")];
    log10.forEach((v, k) => rows.push([k, v, bound[k], ...paths.map((p) => (k ? shares[k - 1]?.get(p) ?? 0 : ""))].join(",")));
    return rows.join("\n");
  }

  async copy(button, text) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it and copy";
      getSelection().selectAllChildren(find("python"));
    }
    setTimeout(() => { button.textContent = before; }, 1500);
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
    });
    on("copy", "click", (event) => this.copy(event.currentTarget, find("python").textContent));
    on("link", "click", (event) => this.copy(event.currentTarget, location.href.split("#")[0] + this.address()));
    on("save-svg", "click", () => this.save(this.picture(), "image/svg+xml", "svg"));
    on("save-png", "click", () => this.savePNG());
    on("save-csv", "click", () => this.save(this.csv(), "text/csv", "csv"));
    on("use", "click", () => this.useTyped());
    on("numbers", "toggle", () => this.result?.log10 && this.table());
    addEventListener("resize", () => this.result?.log10 && this.paint());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.result?.log10 && this.paint());
    this.stop();
  }
}
