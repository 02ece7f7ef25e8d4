"use strict";
/* What the numbers say in words, and the line of Python that makes the same numbers. */

const round = (v) => (v === 0 ? "0" : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 10 ? v.toFixed(1) : v.toPrecision(2));

/** 3.2·10⁻⁵ of a log10. */
function shownPower(log) {
  if (log === -Infinity) return "exactly 0";
  if (!Number.isFinite(log)) return "no number";
  if (log > -2.5 && log < 3.5) return String(Number((10 ** log).toPrecision(3)));
  const whole = Math.floor(log);
  return `${(10 ** (log - whole)).toFixed(1)}·${power(whole)}`;
}

/** The slope of the later half in decades a step; of the whole, where that is of another sign. */
function slopeOf(values) {
  const finite = [...values.keys()].filter((k) => Number.isFinite(values[k])), half = finite.slice(Math.floor(finite.length / 2));
  if (half.length < 2) return NaN;
  const rise = (from) => (values[half.at(-1)] - values[from]) / (half.at(-1) - from);
  return Math.sign(rise(half[0])) === Math.sign(rise(finite[0])) ? rise(half[0]) : rise(finite[0]);
}

/** The first lag from which on a curve stays below a level, or -1. */
function passes(values, level) {
  let k = values.length;
  while (k > 0 && !(values[k - 1] > level)) k -= 1;
  return k < values.length ? k : -1;
}

function sentences(values, { of, wrt, lags }) {
  const slope = slopeOf(values), gone = values.findIndex((v, k) => k > 0 && v === -Infinity);
  if (gone > 0 && gone <= 0.9 * lags && values.slice(gone).every((v) => v === -Infinity)) return `From lag ${gone} on the gradient is exactly zero.`;
  if (lags < 3 && Number.isFinite(values[lags])) return `At lag ${lags} its size is ${shownPower(values[lags])}.`;
  if (!Number.isFinite(slope)) return `There is no gradient to follow from ${wrt} to ${of}.`;
  const thousandth = passes(values, -3), parts = [];
  const half = Math.log10(2) / Math.abs(slope);
  if (slope < -1e-4) {
    if (half > lags) parts.push(`The gradient lives: half of it would be gone only every ${round(half)} steps.`);
    else parts.push(half < 1 ? `The gradient dies: half of it is gone every ${round(half)} steps; a step leaves a factor of ${round(10 ** slope)}.` : `Half of the gradient is gone every ${round(half)} steps.`);
  } else if (slope > 1e-4) parts.push(half > 10 * lags ? "The gradient keeps its size." : `The gradient explodes: it doubles every ${round(half)} steps.`);
  else parts.push("The gradient keeps its size.");
  if (thousandth > 0 && slope < 0) parts.push(`From lag ${thousandth} on less than a thousandth of it is left.`);
  else if (values.at(-1) > -3 && slope <= 1e-4) parts.push(`After ${lags} steps ${shownPower(values.at(-1))} of it is left.`);
  else if (slope > 1e-4) parts.push(`At lag ${lags} its size is ${shownPower(values.at(-1))}.`);
  return parts.join(" ");
}

/** The Python that makes the same numbers; what is usual is left out. */
function python(lesson, told, settings) {
  const { hidden, lags, seed, scheme, gain, scale, values, of, wrt, norm, tMax } = settings;
  const text = JSON.stringify, typed = told.typed, zoo = !typed && told.zoo;
  const gateOf = bare(Object.fromEntries(Object.entries(told.biases ?? {}).map(([gate, name]) => [name, gate])));
  const shared = [`hidden=${hidden}`, `seed=${seed}`];
  if (scheme !== "pytorch") shared.push(`scheme=${text(scheme)}`);
  if (gain !== 1) shared.push(`gain=${gain}`);
  if (scheme === "chrono") shared.push(`t_max=${tMax}`);
  const set = Object.entries(values), biases = set.filter(([name]) => gateOf[name]);
  const table = (entries) => `{${entries.map(([k, v]) => `${text(k)}: ${v}`).join(", ")}}`;
  const cell = zoo ? text(told.name) : "cell";
  const lines = ["import symgate as sg"];
  if (!zoo) lines.push(`cell = sg.Cell.from_text("""\n${(typed ?? told.text).trim().replaceAll("\\", "").replaceAll('"""', "")}\n""")`);
  if (scale === 1 && biases.length === set.length && lesson.cell.inputs.length) {
    if (set.length) shared.push(`bias=${table(set.map(([k, v]) => [gateOf[k], v]))}`);
    lines.push(`d = sg.decay(${[cell, text(of), text(wrt), ...shared, `lags=${lags}`, "networks=1", ...(norm === "spectral" ? [] : [`norm=${text(norm)}`])].join(", ")})`, "d.log10_norm[:, 0]");
    return lines.join("\n");
  }
  if (set.length) shared.push(`values=${table(set)}`);
  lines.splice(1, 0, "import numpy as np");
  const numbers = lesson.numbers(settings), steps = lesson.steps(settings);
  const inputs = lesson.cell.inputs.map((name) => {
    const shape = [steps, ...lesson.sizeIn(lesson.cell.shapes.get(name), numbers)];
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    return `${text(name)}: ${scale === 1 ? "" : `${scale} * `}np.random.default_rng([${seed}, 1, *b${text(name)}]).normal(size=(${steps}, ${width})).reshape(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  });
  lines.push(`params = sg.init(${[cell, ...shared].join(", ")})`);
  lines.push(inputs.length ? `x = {${inputs.join(",\n     ")}}` : "x = None");
  lines.push(`run = sg.simulate(${cell}, params, x${inputs.length ? "" : `, steps=${steps}`})`);
  lines.push(`sg.lag_norms(run, ${text(of)}, ${text(wrt)}, ${lags}, norm=${text(norm)}).log10_norm`);
  return lines.join("\n");
}
