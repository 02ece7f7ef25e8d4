"use strict";
/* What a reader takes away: a picture, numbers, a link; and a cell that a reader brings. Methods of `Page`. */

const Taking = {
  // -- the address ---------------------------------------------------------------------------

  /** Opens what the address says; what it says and this page does not know is left out. */
  open(address = location.hash) {
    const words = new URLSearchParams(address.slice(1)), said = [];
    const text = words.get("text"), name = words.get("cell");
    if (text) find("typed").value = text;
    const own = Boolean(text) && this.useTyped(false);
    if (text && !own) said.push("The cell of this bookmark cannot be read.");
    const known = own ? TYPED : this.cells.has(name) ? name : TOLD.cells[0].name, one = this.cells.get(known);
    if (one.lesson) Object.assign(one.settings, one.usual, { values: bare({}) });
    this.wearing(words);
    this.choose(known);
    if (![...words].length) {
      requestAnimationFrame(() => setTimeout(() => this.dirty && this.draw())); // the page first
      return;
    }
    if (words.get("v") !== VERSION) said.push("This bookmark is of another version; what both know is shown.");
    if (name !== null && name !== known && !own) said.push(`This page has no cell ${name}.`);
    if (this.shown.lesson) {
      for (const [key, value] of words) {
        const number = value.trim() === "" ? NaN : Number(value), numeric = ["hidden", "lags", "seed", "gain", "scale", "tMax"].includes(key);
        const part = key.startsWith("p.") ? { values: { [key.slice(2)]: number } } : { [key]: numeric && Number.isFinite(number) ? number : value };
        if (["v", "cell", "text", "k", "predict", "theme", "projector"].includes(key)) continue;
        try {
          this.take(part);
        } catch (error) {
          said.push(`Left out: ${error.message}.`);
        }
      }
      const k = Math.round(Number(words.get("k")));
      this.lag = Math.min(words.has("k") && k >= 0 ? k : USUAL_LAG, this.shown.settings.lags);
      this.controls.show(this.shown.settings);
    }
    if (!this.shown.lesson || this.cost() < 200) this.draw(); // else an estimate with the next frame, and the worker's answer
    if (said.length) this.say(said.join(" "));
    if (words.get("predict") === "1") this.predicting(true);
  },

  /** Theme and projector, where the address names them. */
  wearing(words) {
    const theme = words.get("theme"), big = words.get("projector");
    if (["light", "dark"].includes(theme) && (theme === "dark") !== THEME.dark) {
      THEME.turn();
      this.worn();
    }
    if (big !== null) {
      document.documentElement.classList.toggle("big", big === "1");
      find("projector").setAttribute("aria-pressed", String(big === "1"));
    }
  },

  address() {
    const { settings, told } = this.shown, words = new URLSearchParams({ v: VERSION, cell: this.name });
    for (const key of ["hidden", "lags", "seed", "gain", "scale", "scheme", "of", "wrt", "norm"]) words.set(key, settings[key]);
    for (const [name, value] of Object.entries(settings.values)) words.set(`p.${name}`, value);
    if (settings.scheme === "chrono") words.set("tMax", settings.tMax);
    if (THEME.chosen) words.set("theme", THEME.chosen);
    if (document.documentElement.classList.contains("big")) words.set("projector", "1");
    words.set("k", this.lag);
    if (this.hiding) words.set("predict", "1");
    if (told.typed) words.set("text", told.typed);
    return `#${words}`;
  },

  toAddress() {
    try {
      history.replaceState(null, "", this.address());
    } catch { /* a page in a frame has no address of its own */ }
  },

  // -- a cell of one's own -------------------------------------------------------------------

  useTyped(show = true) {
    const text = find("typed").value;
    try {
      const lesson = new Lesson(text);
      new Machine(lesson.cell, lesson.numbers({ hidden: 3 }), FUNCTIONS);
      find("fault").hidden = true;
      this.add({ name: TYPED, title: "a cell of your own", text, typed: text, colours: huesOf(lesson.cell) });
      if (show) {
        this.choose(TYPED);
        this.say(this.taken(lesson.cell));
      }
      return true;
    } catch (error) {
      find("fault").textContent = error instanceof Fault ? error.shown(text) : error.message;
      find("fault").hidden = false;
      return false;
    }
  },

  /** What looks like a slip, though it is a cell: an input whose name is nearly that of a line. */
  taken({ inputs, lines }) {
    const slips = inputs.map((name) => [name, nearest(name, lines.keys())]).filter(([name, mend]) => mend && name.length > 1);
    return slips.map(([name, mend]) => `${name} is taken as an input, because no line defines it${mend}`).join(" ");
  },

  // -- taking it away ------------------------------------------------------------------------

  picture() {
    const root = find("chart").querySelector("svg").cloneNode(true), css = [...document.styleSheets[0].cssRules].map((r) => r.cssText).join("");
    root.setAttribute("xmlns", SVG);
    const paint = getComputedStyle(document.documentElement), named = ["--page", "--ink", "--soft", "--faint", "--hair", "--accent", "--ghost", "--warn", "--sans"];
    const sheet = svg("style", {}, css.replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, "").replace(/var\((--\w+)\)/g, (all, name) => (named.includes(name) ? paint.getPropertyValue(name).trim() : all)));
    root.prepend(sheet, svg("rect", { width: "100%", height: "100%", fill: paint.getPropertyValue("--page").trim() }));
    return new XMLSerializer().serializeToString(root);
  },

  save(content, kind, ending) {
    const link = element("a", { href: typeof content === "string" ? URL.createObjectURL(new Blob([content], { type: kind })) : URL.createObjectURL(content), download: `${this.name}.${ending}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  },

  savePNG() {
    const image = new Image(), { wide, tall } = this.chart.scale;
    image.onload = () => {
      const canvas = element("canvas", { width: 3 * wide, height: 3 * tall });
      canvas.getContext("2d").drawImage(image, 0, 0, 3 * wide, 3 * tall);
      canvas.toBlob((blob) => this.save(blob, "image/png", "png"));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.picture())}`;
  },

  csv() {
    const { log10, bound } = this.result, shares = this.last?.shares ?? [], paths = pathsOf(shares);
    const quoted = (word) => `"${word.replaceAll('"', '""')}"`;
    const rows = [["lag", "log10_norm", "log10_bound", ...paths.map((p) => quoted(`share ${p}`))].join(",")];
    log10.forEach((v, k) => rows.push([k, v, bound[k], ...paths.map((p) => (k ? shares[k - 1]?.get(p) ?? 0 : ""))].join(",")));
    return rows.join("\n");
  },

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
  },
};
