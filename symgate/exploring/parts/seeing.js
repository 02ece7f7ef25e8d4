"use strict";
/* What the page shows of a result: the curve, the gates, the paths, the formulas. Methods of `Page`. */

const Seeing = {
  tabs() {
    find("cells").replaceChildren(...[...this.cells].map(([name, { told }]) => element("button", {
      type: "button", "aria-pressed": String(name === this.name), title: told.title, onclick: () => this.choose(name),
    }, name)));
  },

  say(words) {
    find("notice").textContent = words;
    find("notice").hidden = !words;
  },

  paintFault(error) {
    find("story").textContent = "This cell cannot be shown.";
    this.say(error.message);
    this.result = null;
  },

  paint() {
    const { result } = this, { settings, told, lesson } = this.shown;
    if (!result) return;
    find("python").textContent = python(lesson, told, settings);
    if (result.overflow) {
      const { name, step } = result.overflow;
      find("story").textContent = `${name} overflows at step ${step + 1}: its numbers leave what a computer holds.`;
      find("state").textContent = "Lower the gain, a bias or the inputs; the last curve stays.";
      if (this.painted !== told.text) { // that curve was of another cell
        this.listed = null;
        for (const id of ["chart", "ribbon", "shares", "heat"]) find(id).replaceChildren();
        find("state").textContent = "Lower the gain, a bias or the inputs.";
      }
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
    this.painted = told.text;
    this.chart.draw({ lines, lags: settings.lags });
    const method = result.exactly ? "exact" : "an estimate from 8 rows while it moves";
    find("state").textContent = this.hiding ? "" : `∂${settings.of}ₜ/∂${settings.wrt}ₜ₋ₖ, ${settings.norm} norm, ${method}; ${settings.hidden} unit${settings.hidden === 1 ? "" : "s"}, ${result.steps} steps of normal inputs. “bound” multiplies the norms of the parts; “at rest” is the rate with no input.`;
    find("lag").max = settings.lags;
    this.heat();
    this.read();
    if (find("numbers").open) this.table();
  },

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
  },

  colour(path) {
    const { told } = this.shown, dark = Number(THEME.dark);
    const names = path.split(", "), known = told.colours?.[path] ?? told.colours?.[names.at(-1)];
    if (known) return known[dark];
    if (path === "direct") return ["#1d2126", "#e6e8ea"][dark];
    return HUES[[...path].reduce((a, c) => a + c.charCodeAt(0), 0) % HUES.length][dark];
  },

  /** The value and the shares at the lag that is read. */
  read() {
    const { result, lag } = this, { settings } = this.shown;
    if (!result?.log10) return;
    const k = Math.min(lag, settings.lags), shares = this.last?.shares ?? [];
    find("lag").value = k;
    find("lag-value").value = k;
    find("step").textContent = k ? `from lag ${k - 1} to lag ${k}` : "";
    find("heat").style.setProperty("--at", String(1 - k / result.steps));
    find("lag").setAttribute("aria-valuetext", this.hiding ? `lag ${k}` : `lag ${k}: ${shownPower(result.log10[k])}`);
    if (!this.hiding) this.chart.read(k, result.log10, `lag ${k}: ${shownPower(result.log10[k])}`);
    find("ribbon").hidden = find("shares").hidden = this.hiding || !shares.length;
    find("interfering").hidden = this.hiding || !shares.some((share) => [...share.values()].some((v) => v > 1.005 || v < -0.005));
    if (this.hiding || !shares.length) return;
    const here = shares[Math.min(Math.max(k - 1, 0), shares.length - 1)];
    drawRibbon(find("ribbon"), shares, settings.lags, (p) => this.colour(p), this.lit, this.chart.scale);
    const paths = pathsOf(shares), percent = (p) => `${String(Math.round((here.get(p) ?? 0) * 100) || 0).replace("-", "−")}%`;
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
  },

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
  },

  lighting(path) {
    const light = (value) => () => {
      this.lit = value;
      this.read();
    };
    return { onpointerenter: light(path), onpointerleave: light(null), onfocus: light(path), onblur: light(null) };
  },

  /** The diagram: symgate's own, or a plain one of a cell that was typed. */
  picturing() {
    const { told, lesson } = this.shown, drawn = told.diagram ?? plainDiagram(lesson.cell, told.colours, Number(THEME.dark));
    find("drawing").hidden = !drawn;
    find("diagram").innerHTML = drawn;
    THEME.wear();
  },

  /** After a change from light to dark or back. */
  worn() {
    find("theme").textContent = THEME.dark ? "Light" : "Dark";
    THEME.wear();
    if (this.shown?.lesson) this.picturing();
    if (this.result?.log10) this.paint();
  },

  formulas() {
    const { told, lesson } = this.shown;
    find("equations").innerHTML = told.equations ?? equationsML(lesson.cell);
    const blocks = Object.entries(told.blocks ?? blocksOf(lesson.cell, lesson.usual)).filter(([, terms]) => terms.length);
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
  },

  table() {
    const { log10, bound } = this.result, lags = [...log10.keys()].filter((k) => k <= 10 || k % Math.ceil(log10.length / 20) === 0);
    const cells = (kind, ...words) => element("tr", {}, ...words.map((w) => element(kind, {}, w)));
    find("table").replaceChildren(element("table", {}, cells("th", "lag", "norm", "bound"), ...lags.map((k) => cells("td", String(k), shownPower(log10[k]), shownPower(bound[k])))));
  },
};
