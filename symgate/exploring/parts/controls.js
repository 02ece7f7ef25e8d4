"use strict";
/* The form: what a reader can move, made for the cell that is shown. It reports changes and
 * knows nothing of what they do. */

const element = (name, attributes = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
};

const find = (id) => document.getElementById(id);

/** A name with its subscripts, for labels. */
function nameShown(name) {
  const [first, ...rest] = name.split("_").filter(Boolean), base = LETTER[SPELLINGS[first] ?? first] ?? first;
  const inside = [element("i", {}, base)];
  if (rest.length) inside.push(element("sub", {}, rest.map((p) => LETTER[p] ?? p).join(" ")));
  return element("span", {}, ...inside);
}

class Controls {
  /** `changed(part)` is told what moved: a part of the settings; `preset` a whole of them. */
  constructor(form, changed, preset) {
    Object.assign(this, { form, changed, preset });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  build(lesson, told, settings) {
    this.sliders = new Map();
    const { cell } = lesson, moving = [];
    for (const [name, line] of lesson.added) {
      const role = told.roles?.[line] ?? "";
      moving.push(this.slider(name, `bias ${name} of ${line}`, settings.values[name], [-6, 6, 0.1], role || `bias of ${line}`, "drawn"));
    }
    for (const [name, { kind }] of cell.parameters) {
      if (kind === "scalar") moving.push(this.slider(name, `number ${name}`, settings.values[name], name.startsWith("b") ? [-6, 6, 0.1] : [-1, 2, 0.02], "a number", 0.5));
    }
    const common = [
      this.slider("gain", "gain of the recurrent weights", settings.gain, [0, 4, 0.05], "recurrent", 1, { own: "gain" }),
      this.slider("scale", "standard deviation of the inputs", settings.scale, [0, 4, 0.1], "of inputs", 1, { own: "spread" }),
    ];
    this.form.replaceChildren(
      element("fieldset", {}, element("legend", {}, "Situations"), element("div", { class: "presets" }, ...this.presets(lesson, told))),
      ...(moving.length ? [element("fieldset", {}, element("legend", {}, "Biases and numbers"), ...moving)] : []),
      element("fieldset", {}, element("legend", {}, "Weights and inputs"), ...common),
      element("fieldset", {}, element("legend", {}, "Size and length"),
        element("div", { class: "pair" },
          this.count("hidden", "units", settings.hidden, 1, lesson.mostUnits), this.count("lags", "lags", settings.lags, 1, MOST_LAGS), this.count("seed", "seed", settings.seed, 0, 99999))),
      element("fieldset", {}, element("legend", {}, "Which gradient"),
        element("div", { class: "pair" },
          this.choice("of", "of", settings.of, [...cell.states, ...cell.gates]),
          this.choice("wrt", "by", settings.wrt, [...cell.states, ...cell.inputs, ...cell.gates]),
          this.choice("norm", "norm", settings.norm, ["spectral", "frobenius"])),
        element("div", { class: "pair" }, this.choice("scheme", "weights drawn", settings.scheme, this.schemes(told)))),
    );
    this.show(settings);
  }

  schemes(told) {
    return SCHEMES.filter((scheme) => scheme !== "chrono" || Object.keys(told.keeps ?? {}).length);
  }

  /** A parameter of the cell, or with `own` a setting of the page: both may be called gain. */
  slider(name, words, value, [min, max, step], small, usual, { own } = {}) {
    const id = `${own ? "move" : "value"}-${name}`;
    const input = element("input", { type: "range", id, name, min, max, step, value: value ?? (usual === "drawn" ? 0 : usual), "aria-label": words });
    const output = element("output", { for: id }, value === undefined ? String(usual) : String(value));
    input.addEventListener("input", () => {
      output.value = Number(input.value).toFixed(step < 0.1 ? 2 : 1);
      this.changed(own ? { [name]: Number(input.value) } : { values: { [name]: Number(input.value) } });
    });
    this.sliders.set(id, { name, own, input, output, usual });
    return element("div", { class: "row" }, element("label", { for: id }, own ?? nameShown(name), " ", element("small", {}, small)), input, output);
  }

  count(name, words, value, min, max) {
    const input = element("input", { type: "number", id: `set-${name}`, name, min, max, step: 1, value });
    input.addEventListener("change", () => this.changed({ [name]: input.value === "" ? null : Number(input.value) }));
    return element("label", { for: `set-${name}` }, words, input);
  }

  choice(name, words, value, options) {
    const select = element("select", { id: `set-${name}`, name }, ...options.map((o) => element("option", { value: o, selected: o === value }, o)));
    select.addEventListener("change", () => this.changed({ [name]: select.value }));
    return element("label", { for: `set-${name}` }, words, select);
  }

  presets(lesson, told) {
    const button = ([name, settings]) => element("button", { type: "button", onclick: () => this.preset(settings) }, name);
    const made = presetsOf(lesson, told).map(button);
    this.chrono = made.find((one) => one.textContent === "chrono");
    return made;
  }

  /** Brings the form to the settings without telling of it. */
  show(settings) {
    if (this.chrono) this.chrono.textContent = `chrono for T = ${Math.max(2, settings.lags)}`;
    for (const { name, own, input, output, usual } of this.sliders.values()) {
      const value = own ? settings[name] : settings.values[name];
      input.value = value ?? (usual === "drawn" ? 0 : usual);
      output.value = value === undefined ? String(usual) : String(Number(value.toFixed(2)));
    }
    for (const name of ["hidden", "lags", "seed", "of", "wrt", "norm", "scheme"]) find(`set-${name}`).value = settings[name];
  }
}

/** Situations that are worth seeing, each with its settings. */
function presetsOf(lesson, told) {
  const fresh = { values: {}, gain: 1, scale: 1, scheme: "pytorch" }, found = [["as PyTorch draws it", fresh]];
  const biases = told.biases ?? {}, has = (name) => lesson.cell.parameters.has(name);
  const role = (word) => Object.keys(biases).find((gate) => told.roles?.[gate]?.toLowerCase().includes(word) && has(biases[gate]));
  const forget = role("forget") ?? (biases.f ? "f" : undefined), reset = role("reset");
  const set = (name, value) => ({ ...fresh, values: { [name]: value } });
  if (forget) found.push(["forget bias 1", set(biases[forget], 1)], ["forget bias 3", set(biases[forget], 3)]);
  const [kept] = Object.entries(told.keeps ?? {}).filter(([gate]) => gate !== forget && biases[gate]);
  if (kept && !forget) found.push([kept[1] ? `${kept[0]} keeps` : `${kept[0]} closed`, set(biases[kept[0]], kept[1] ? 4 : -4)]);
  if (Object.keys(told.keeps ?? {}).some((gate) => biases[gate])) found.push(["chrono", { ...fresh, scheme: "chrono" }]);
  if (reset) found.push(["reset gate closed", set(biases[reset], -6)]);
  if (has("b_beta")) found.push(["delta rule full", set("b_beta", 6)]);
  const recurrent = [...lesson.acting].some(([, { input }]) => !input);
  if (recurrent) found.push(["explodes", { ...fresh, gain: 3.5 }], ["vanishes", { ...fresh, gain: 0.4 }], ["orthogonal", { ...fresh, scheme: "orthogonal" }]);
  return found;
}
