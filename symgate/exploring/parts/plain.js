"use strict";
/* A plain diagram of a cell that a reader typed: earlier states and inputs at the left, then each
 * equation behind those it reads. Lines bear the classes by which their widths are set. */

/** A colour for the carry and for each gate, light and dark. */
const huesOf = ({ gates }) => bare(Object.fromEntries([["carry", ["#5a6168", "#a3abb3"]], ...gates.map((gate, i) => [gate, HUES[i % HUES.length]])]));

function plainDiagram(cell, colours, dark) {
  const place = new Map(), columns = [[...cell.states.map((s) => [s, 1]), ...cell.inputs.map((x) => [x, 0])]];
  const key = (name, lag) => `${name} ${lag}`, depth = new Map();
  const read = (name) => [...below(cell.lines.get(name).right)].filter(isTimed);
  for (const name of cell.lines.keys()) {
    const level = 1 + Math.max(0, ...read(name).map((n) => (n.lag === 0 ? depth.get(n.id) ?? 0 : 0)));
    depth.set(name, level);
    (columns[level] ??= []).push([name, 0]);
  }
  const tall = 56 * Math.max(...columns.map((c) => c.length)) + 20, wide = 128 * columns.length;
  columns.forEach((column, i) => column.forEach(([name, lag], j) =>
    place.set(key(name, lag), { x: 20 + 128 * i, y: tall * (j + 0.5) / column.length })));
  const lines = [], boxes = [];
  const hue = (name) => colours[name] ?? null;
  for (const name of cell.lines.keys()) {
    const to = place.get(key(name, 0)), seen = new Set();
    for (const n of read(name)) {
      const from = place.get(key(n.id, n.lag));
      if (!from || seen.has(key(n.id, n.lag))) continue;
      seen.add(key(n.id, n.lag));
      const carry = n.lag === 1 && n.id === name ? "carry" : null, known = hue(name) ?? hue(n.id) ?? hue(carry);
      const [x1, x2] = [from.x + 76, to.x - 6], style = known ? ` color="${known[dark]}" class="c${known[0].slice(1)}"` : "";
      lines.push(`<path d="M${x1} ${from.y}C${x1 + 40} ${from.y} ${x2 - 40} ${to.y} ${x2} ${to.y}" fill="none" stroke="currentColor" stroke-width="1.4"${style}/>` +
        `<path d="M${x2 - 1} ${to.y - 4}l7 4l-7 4z" fill="currentColor"${known ? ` color="${known[dark]}"` : ""}/>`);
    }
  }
  for (const [name, { x, y }] of place) {
    const [id, lag] = name.split(" "), [base, ...under] = id.split("_").filter(Boolean), known = lag === "0" ? hue(id) : null;
    const time = lag === "1" ? "t−1" : "t", cut = (word, room) => (word.length > room ? `${word.slice(0, Math.max(1, room - 1))}…` : word);
    const under_ = cut(under.map((u) => LETTER[u] ?? u).join(" "), 5), below_ = [...(under_ ? [under_] : []), time].join(" ");
    const base_ = cut(LETTER[SPELLINGS[base] ?? base] ?? base, Math.floor((68 - 6.5 * below_.length) / 8));
    boxes.push(`<g${known ? ` color="${known[dark]}"` : ""}><title>${PLAIN(id)}</title><rect x="${x}" y="${y - 17}" width="76" height="34" rx="8" fill="var(--page)" stroke="currentColor" stroke-width="1.3"/>` +
      `<text x="${x + 38}" y="${y + 5}" text-anchor="middle" fill="currentColor"><tspan font-style="italic">${PLAIN(base_)}</tspan><tspan dy="5" font-size="11">${PLAIN(below_)}</tspan></text></g>`);
  }
  return `<svg viewBox="0 0 ${wide} ${tall}" role="img" aria-label="What each equation reads">${lines.join("")}${boxes.join("")}</svg>`;
}
