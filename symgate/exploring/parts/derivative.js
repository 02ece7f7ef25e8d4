"use strict";
/* One step's Jacobian of a cell that a reader typed: terms by path, from the equations alone.
 *
 * A term is { path, sign, factors }, the factors in order: { diag: tree } or { matrix: tree }. Its
 * path is named as pulling.js names it. What has no such form (a softmax, a matrix of the
 * step) throws a Fault, and its block is not shown. */

const numberTree = (value) => ({ kind: "num", value });
const pair = (op, left, right) => ({ kind: "bin", op, left, right });

/** The slope of a function in its own value y, or of its argument a. */
const SLOPES = {
  sigmoid: (y) => pair("*", y, pair("-", numberTree(1), y)),
  tanh: (y) => pair("-", numberTree(1), pair("**", y, numberTree(2))),
  exp: (y) => y,
  relu: (y, a) => ({ kind: "call", name: "step", args: [a] }),
  sin: (y, a) => ({ kind: "call", name: "cos", args: [a] }),
};

function stepTerms(cell, of, wrt) {
  const found = [], known = new Map();
  const reaches = (node) => [...below(node)].some((n) => n.kind === "name" &&
    (n.lag === 1 ? n.id === wrt : n.lag === 0 && cell.lines.has(n.id) && through(n.id)));
  const through = (name) => {
    if (!known.has(name)) known.set(name, reaches(cell.lines.get(name).right));
    return known.get(name);
  };
  /** A path's name behind what it passed; `leaf` is a state of this step, or nothing. */
  const passed = ({ path, root, plain }, leaf) => {
    if (cell.gates.includes(root)) return path === "" || path === DIRECT ? root : `${path}, ${root}`;
    if (cell.states.includes(leaf)) return path === DIRECT ? "" : path;
    return path === "" && !plain ? DIRECT : path;
  };
  const by = (at, factor, more = {}) => ({ ...at, factors: [...at.factors, factor], ...more });
  const walk = (node, at) => {
    if (!reaches(node)) return;
    switch (node.kind) {
      case "name":
        if (node.lag === 1) found.push({ path: passed(at) || CARRY, sign: at.sign, factors: at.factors });
        else walk(cell.lines.get(node.id).right, { ...at, path: passed(at, node.id), root: node.id, plain: true });
        break;
      case "neg": walk(node.inner, { ...at, sign: -at.sign }); break;
      case "call": {
        if (node.name === "identity") return void walk(node.args[0], at);
        if (node.args.length > 1 || MIXING.includes(node.name) || TO_NUMBER.includes(node.name)) unknown(node);
        const [a] = node.args, own = at.root && cell.lines.get(at.root).right === node;
        const y = own ? { kind: "name", id: at.root, lag: 0 } : node;
        walk(a, by(at, { diag: SLOPES[node.name]?.(y, a) ?? { kind: "call", name: `${node.name}′`, args: [a] } }, { plain: false }));
        break;
      }
      case "bin": both(node, at); break;
      default: unknown(node);
    }
  };
  const both = (node, at) => {
    const { op, left, right } = node;
    if (op === "@") return product(left, right, at);
    if (cell.ranks.of(left) > 1 || cell.ranks.of(right) > 1) unknown(node);
    if (isSum(node)) {
      walk(left, at);
      walk(right, op === "-" ? { ...at, sign: -at.sign } : at);
    } else if (op === "*") {
      for (const [inner, other] of [[left, right], [right, left]]) {
        if (reaches(inner) && cell.ranks.of(inner) < 1 && cell.ranks.of(other) === 1) unknown(node);
        walk(inner, by(at, { diag: other }));
      }
    } else if (op === "/") {
      walk(left, by(at, { diag: pair("/", numberTree(1), right) }));
      if (reaches(right)) walk(right, by({ ...at, sign: -at.sign }, { diag: pair("/", left, pair("**", right, numberTree(2))) }));
    } else {
      const k = constantOf(right);
      if (k === null) unknown(node);
      walk(left, by(at, { diag: pair("*", numberTree(k), k === 2 ? left : pair("**", left, numberTree(k - 1))) }));
    }
  };
  const product = (left, right, at) => {
    const behind = { ...at, path: passed(at), root: null, plain: false };
    if (left.kind === "call" && left.name === "diag" && !reaches(left)) return walk(right, by(at, { diag: left.args[0] }));
    const turned = !isParameterMatrix(left, cell.kinds), [matrix, vector] = turned ? [right, left] : [left, right];
    if (!isParameterMatrix(matrix, cell.kinds) || hasVariable(matrix)) unknown(matrix);
    const own = turned ? { kind: "turned", inner: matrix } : matrix;
    if (vector.kind !== "list") return walk(vector, by(behind, { matrix: own }));
    for (const part of vector.parts) walk(part, by(behind, { matrix: { kind: "part", inner: own, part } }));
  };
  const unknown = (node) => {
    throw faultAt(node, "the page does not typeset its derivative");
  };
  walk({ kind: "name", id: of, lag: 0 }, { factors: [], sign: 1, path: "", root: null, plain: true });
  return found;
}

const factorsOf = (node) => (node.kind === "bin" && node.op === "*" ? [node.left, node.right].flatMap(factorsOf) : [node]);

/** A term in MathML: what scales all components, diagonals joined, matrices in their places. */
function termML(cell, { factors }) {
  const scales = [], parts = [];
  for (const { diag, matrix } of factors) {
    if (matrix) parts.push({ matrix });
    else {
      for (const one of factorsOf(diag)) {
        if (cell.ranks.of(one) < 1) scales.push(one);
        else if (parts.at(-1)?.diag) parts.at(-1).diag = pair("*", parts.at(-1).diag, one);
        else parts.push({ diag: one });
      }
    }
  }
  const shown = parts.map(({ diag, matrix }) => (matrix ? treeML(matrix, 2) : `<mrow><mi>diag</mi><mo>(</mo>${treeML(diag)}<mo>)</mo></mrow>`));
  return [...scales.map((s) => treeML(s, 2)), ...(shown.length ? shown : ["<mi>I</mi>"])].join('<mspace width="0.17em"/>');
}

/** ∂of_t/∂wrt_{t-1} for the pairs of states, as symgate describes those that come with the page. */
function blocksOf(cell, usual) {
  const states = cell.states.length <= 2 ? cell.states : [usual], blocks = {};
  for (const of of states) {
    for (const wrt of states) {
      try {
        const terms = stepTerms(cell, of, wrt), grouped = new Map(terms.map(({ path }) => [path, []]));
        if (terms.length > MOST_PATHS) continue;
        for (const term of terms) grouped.get(term.path).push(term);
        blocks[`${of},${wrt}`] = [...grouped].map(([path, same]) => ({ path, mathml: same.map((term, i) =>
          `<math>${term.sign < 0 ? "<mo>−</mo>" : i ? "<mo>+</mo>" : ""}${termML(cell, term)}</math>`).join(" ") }));
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
  }
  return blocks;
}
