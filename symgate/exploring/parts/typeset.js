"use strict";
/* Equations that a reader typed, as MathML; those that came with the page were typeset by symgate. */

const LETTER = bare(Object.fromEntries(("alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ " +
  "lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ " +
  "Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω").split(" ").flatMap((v, i, all) => (i % 2 ? [] : [[v, all[i + 1]]]))));
const ACCENT = { __proto__: null, tilde: "~", hat: "^", bar: "¯" };
const PLAIN = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

/** A name: base letter, accent, subscripts, time. */
function nameML(name, lag) {
  const [first, ...rest] = name.split("_").filter(Boolean), base = SPELLINGS[first] ?? first;
  let inner = `<mi>${LETTER[base] ?? PLAIN(base)}</mi>`;
  for (const part of rest.filter((p) => ACCENT[p])) inner = `<mover>${inner}<mo>${ACCENT[part]}</mo></mover>`;
  const under = rest.filter((p) => !ACCENT[p]).map((p) => `<mi>${LETTER[p] ?? PLAIN(p)}</mi>`);
  if (lag === 0) under.push("<mi>t</mi>");
  if (lag === 1) under.push("<mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow>");
  return under.length ? `<msub>${inner}<mrow>${under.join("<mo>,</mo>")}</mrow></msub>` : inner;
}

/** A number; 1e90 and its like as a power of ten. */
function numberML(value, outside) {
  const [, front, exponent] = String(value).match(/^(.*)e\+?(.*)$/) ?? [];
  if (exponent === undefined) return `<mn>${value}</mn>`;
  const tens = `<msup><mn>10</mn><mrow>${exponent.startsWith("-") ? "<mo>−</mo>" : ""}<mn>${exponent.replace("-", "")}</mn></mrow></msup>`;
  const inner = front === "1" ? tens : `<mn>${front}</mn><mo>·</mo>${tens}`;
  return outside > 2 ? `<mrow><mo>(</mo>${inner}<mo>)</mo></mrow>` : `<mrow>${inner}</mrow>`;
}

function treeML(node, outside = 0) {
  const wrap = (binds, inner) => (binds < outside ? `<mrow><mo>(</mo>${inner}<mo>)</mo></mrow>` : `<mrow>${inner}</mrow>`);
  switch (node.kind) {
    case "num": return numberML(node.value, outside);
    case "name": return nameML(node.id, node.lag);
    case "neg": return wrap(1, `<mo>−</mo>${treeML(node.inner, 2)}`);
    case "turned": return `<msup>${treeML(node.inner, 3)}<mi>⊤</mi></msup>`;
    case "part": return `<msub>${treeML(node.inner, 3)}<mrow>${node.part.kind === "name" ? nameML(node.part.id, null) : treeML(node.part)}</mrow></msub>`;
    case "list": return `<mrow><mo>[</mo>${node.parts.map((p) => treeML(p)).join("<mo>;</mo>")}<mo>]</mo></mrow>`;
    case "call": return `<mrow><mi>${node.name === "sigmoid" ? "σ" : PLAIN(node.name.replace("_", " "))}</mi><mo>(</mo>${node.args.map((a) => treeML(a)).join("<mo>,</mo>")}<mo>)</mo></mrow>`;
    default: {
      const { op, left, right } = node;
      if (op === "**") return `<msup>${treeML(left, 3)}${treeML(right)}</msup>`;
      if (op === "/") return `<mfrac>${treeML(left)}${treeML(right)}</mfrac>`;
      if (op === "@") return wrap(2, treeML(left, 2) + treeML(right, 3));
      if (op === "*") return wrap(2, `${treeML(left, 2)}<mo>⊙</mo>${treeML(right, 2)}`);
      return wrap(1, `${treeML(left, 1)}<mo>${op === "-" ? "−" : "+"}</mo>${treeML(right, op === "-" ? 2 : 1)}`);
    }
  }
}

/** All equations of a cell, one below the other. */
function equationsML(cell) {
  const rows = [...cell.lines.values()].map(({ name, right }) =>
    `<mtr><mtd>${nameML(name, 0)}</mtd><mtd><mo>=</mo>${treeML(right)}</mtd></mtr>`);
  return `<math display="block"><mtable class="lines">${rows.join("")}</mtable></math>`;
}
