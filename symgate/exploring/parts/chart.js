"use strict";
/* The picture of the curve: decades over the lag, drawn as SVG. It knows numbers and names, and
 * no cell. `draw(shown)` takes { lines, ghost, guess, lags, reading, title }. */

const SVG = "http://www.w3.org/2000/svg";

const svg = (name, attributes = {}, ...inside) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
};

const power = (decade) => `10${[...String(decade)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻").join("")}`;

class Chart {
  get drawn() {
    return this.element.firstChild !== null;
  }

  constructor(element) {
    this.element = element;
    this.range = null;
  }

  /** Where the decades end: kept while they fit, so that the axis does not jump under a slider. */
  decades(lines) {
    let low = Infinity, high = 0;
    for (const line of lines.filter((l) => l.fits !== false)) {
      for (const v of line.values) {
        if (!Number.isFinite(v)) continue;
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
    }
    low = Math.min(-1, low === Infinity ? -1 : Math.floor(low - 0.15));
    high = Math.max(0, Math.ceil(high + 0.02));
    const kept = this.range;
    if (kept && kept.low <= low && low <= kept.low * 0.55 && kept.high >= high && high >= kept.high * 0.5) return kept;
    this.range = { low: low < -8 ? Math.floor(low * 1.12) : low, high };
    return this.range;
  }

  draw(shown) {
    const box = this.element.getBoundingClientRect();
    const wide = Math.max(280, Math.round(box.width || 720)), tall = Math.max(220, Math.round(box.height || 380));
    const compact = wide < 520;
    const left = 52, right = compact ? 14 : 108, top = 14, bottom = 36;
    const { low, high } = this.decades(shown.lines), { lags } = shown;
    const x = (k) => left + (wide - left - right) * k / Math.max(lags, 1);
    const y = (v) => top + (tall - top - bottom) * (high - v) / (high - low);
    this.scale = { x, y, left, right: wide - right, top, bottom: tall - bottom, lags, low, high, wide, tall };
    const root = svg("svg", { viewBox: `0 0 ${wide} ${tall}`, width: wide, height: tall, "aria-hidden": "true" });
    root.append(svg("clipPath", { id: "inside" }, svg("rect", { x: left, y: top - 3, width: wide - left - right, height: tall - top - bottom + 6 })));
    const every = [1, 2, 5, 10, 20, 50, 100, 200].find((s) => (high - low) / s <= Math.max(4, tall / 42)) ?? 500;
    for (let d = high; d >= low; d--) {
      if (d % every) continue;
      root.append(svg("path", { d: `M${left} ${y(d)}H${wide - right}`, class: d === 0 ? "grid one" : "grid" }));
      root.append(svg("text", { x: left - 8, y: y(d) + 4, class: "tick", "text-anchor": "end" }, power(d)));
    }
    const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].find((s) => lags / s <= (compact ? 4 : 8)) ?? 1000;
    for (let k = 0; k <= lags; k += step) {
      root.append(svg("path", { d: `M${x(k)} ${tall - bottom}v4`, class: "grid" }));
      root.append(svg("text", { x: x(k), y: tall - bottom + 17, class: "tick", "text-anchor": "middle" }, String(k)));
    }
    root.append(svg("text", { x: (left + wide - right) / 2, y: tall - 3, class: "axis", "text-anchor": "middle" }, "lag k: steps back"));
    const labels = [];
    for (const line of shown.lines) this.line(root, line, compact, labels);
    this.label(root, labels, compact);
    this.element.replaceChildren(root);
    this.mark = svg("g", { class: "mark" });
    root.append(this.mark);
  }

  line(root, line, compact, labels) {
    if (line.kind === "none") return; // it holds the axis only
    const { x, y, low, high } = this.scale, points = [];
    let path = "", pen = false, last = null;
    line.values.forEach((v, k) => {
      if (Number.isFinite(v)) {
        path += `${pen ? "L" : "M"}${x(k).toFixed(1)} ${y(Math.max(v, low - 40)).toFixed(1)}`;
        points.push(k);
        if (v >= low && v <= high + 0.01) last = [k, v];
      }
      pen = Number.isFinite(v);
    });
    if (!points.length) return;
    root.append(svg("path", { d: path, class: `line ${line.kind}`, "clip-path": "url(#inside)" }));
    const near = last && line.kind === "bound" && x(last[0]) < this.scale.left + 140;
    if (line.label && last && !near) labels.push({ text: line.label, kind: line.kind, x: x(last[0]), y: y(last[1]), k: last[0] });
  }

  /** Words at the ends of lines, moved apart where they would meet. */
  label(root, labels, compact) {
    const { top, bottom, right, left } = this.scale;
    labels.sort((a, b) => a.y - b.y);
    const placed = [];
    for (const one of labels) {
      const inside = compact || one.x < right - 40;
      let at = { ...one, lx: inside ? Math.min(one.x + 6, right - 8) : right + 8, ly: one.y + (inside ? -8 : 4) };
      if (one.kind === "bound" && one.y < top + 8) at = { ...at, lx: one.x + 6, ly: top + 12 };
      const anchor = inside && one.kind !== "bound" && at.lx > (left + right) / 2 ? "end" : "start";
      for (const other of placed) if (Math.abs(other.ly - at.ly) < 15 && Math.abs(other.lx - at.lx) < 120) at = { ...at, ly: other.ly + 15 };
      at.ly = Math.min(Math.max(at.ly, top + 10), bottom - 4);
      placed.push(at);
      root.append(svg("text", { x: at.lx, y: at.ly, class: `label ${one.kind}`, "text-anchor": anchor }, one.text));
    }
  }

  /** The line across the picture at the lag that is read. */
  read(k, values, words) {
    const { x, y, top, bottom, low, high, wide } = this.scale, v = values[k];
    this.mark.replaceChildren(svg("path", { d: `M${x(k)} ${top}V${bottom}`, class: "reader" }));
    if (Number.isFinite(v) && v >= low) this.mark.append(svg("circle", { cx: x(k), cy: y(v), r: 4.5, class: "dot" }));
    const flip = x(k) > wide * 0.6, seen = Number.isFinite(v) && v >= low && v <= high;
    const at = seen ? Math.max(y(v) - 12, top + 10) : top + 10;
    this.mark.append(svg("text", { x: x(k) + (flip ? -8 : 8), y: at, class: "said", "text-anchor": flip ? "end" : "start" }, words));
  }

  /** The lag and the decades at a point of the page. */
  at(event) {
    const box = this.element.getBoundingClientRect(), { left, right, top, bottom, lags, low, high } = this.scale;
    const k = Math.round((event.clientX - box.left - left) / (right - left) * lags);
    const v = high - (event.clientY - box.top - top) / (bottom - top) * (high - low);
    return { k: Math.min(lags, Math.max(0, k)), v: Math.min(high, Math.max(low, v)) };
  }
}

/** The share of each path over the lag, as a ribbon; parts below zero count as nothing. */
function drawRibbon(element, shares, lags, colours, lit, scale) {
  const wide = scale.wide, tall = 26, { x } = scale, paths = pathsOf(shares);
  const root = svg("svg", { viewBox: `0 0 ${wide} ${tall}`, width: wide, height: tall, "aria-hidden": "true" });
  let below = shares.map(() => 0);
  for (const path of paths) {
    const sums = shares.map((s) => [...s.values()].reduce((a, b) => a + Math.max(b, 0), 0) || 1);
    const above = below.map((b, k) => b + Math.max(shares[k].get(path) ?? 0, 0) / sums[k]);
    const edge = (values, back) => values.map((v, k) => `${x(k + 0.5).toFixed(1)} ${(tall * (1 - v)).toFixed(1)}`)[back ? "reverse" : "slice"]().join("L");
    root.append(svg("path", { d: `M${edge(above, false)}L${edge(below, true)}Z`, "data-path": path, fill: colours(path), class: lit === path ? "lit" : "" }));
    below = above;
  }
  element.replaceChildren(root);
}

/** The paths that ever carry a hundredth of a step, those that carry most first. */
function pathsOf(shares) {
  const sums = new Map(), most = new Map();
  for (const share of shares) {
    for (const [path, value] of share) {
      sums.set(path, (sums.get(path) ?? 0) + Math.abs(value));
      most.set(path, Math.max(most.get(path) ?? 0, Math.abs(value)));
    }
  }
  return [...sums.keys()].filter((path) => most.get(path) >= 0.01).sort((a, b) => sums.get(b) - sums.get(a));
}

/** A value of each unit over the steps as a picture, a row a unit, the highest on top. */
function drawHeat(canvas, { size, values }, steps, signed) {
  const rows = Math.min(size, 32), sums = new Float64Array(size);
  values.forEach((v, e) => { sums[e % size] += v; });
  const order = [...sums.keys()].sort((a, b) => sums[b] - sums[a]).filter((_, i) => i % Math.ceil(size / rows) === 0);
  canvas.width = steps;
  canvas.height = order.length;
  const context = canvas.getContext("2d"), image = context.createImageData(steps, order.length);
  const dark = THEME.dark;
  const from = dark ? [22, 26, 31] : [247, 249, 251], to = dark ? [97, 179, 235] : [0, 84, 140], minus = dark ? [240, 140, 70] : [200, 80, 0];
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < order.length; i++) {
      const v = values[t * size + order[i]], part = Math.min(1, Math.abs(v)), end = signed && v < 0 ? minus : to, at = 4 * (i * steps + t);
      for (let c = 0; c < 3; c++) image.data[at + c] = from[c] + (end[c] - from[c]) * part;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}
