"use strict";
/* The language of equations: a text becomes a program.
 *
 * `readCell(text)` gives { names, states, inputs, gates, parameters, equations, sizes } in which
 * every name has a rank and symbolic sizes, or throws a `Fault` with line, column and a caret.
 * names.js finds what each name is, sizes.js the
 * sizes, compiler.js the instructions. */

const GREEK = new Set(("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi " +
  "omicron pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma " +
  "Upsilon Phi Psi Omega").split(" "));
/** A table that holds only what was put into it: a reader may call something `constructor`. */
const bare = (value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value);
const SPELLINGS = { __proto__: null, lamda: "lambda", lam: "lambda", Lamda: "Lambda", eps: "epsilon" };
const TO_NUMBER = ["dot", "sum", "mean", "norm"];
const MIXING = ["softmax", "layer_norm", "rms_norm"];
const PAIRS = ["dot", "outer", "max", "min"];
const LETTERS = ["n", "m", "p", "q", "l", "r", "s", "u", "v", "w"];
const NUMBER = -1;

/** A fault in a text: what is wrong, where, and the line with a caret below it. */
class Fault extends Error {
  constructor(message, line = 1, column = 0, length = 1) {
    super(message);
    Object.assign(this, { line, column, length });
  }

  /** The message as a compiler would show it. */
  shown(text) {
    const source = text.split("\n")[this.line - 1] ?? "";
    const caret = " ".repeat(this.column) + "^".repeat(Math.max(1, this.length));
    return `line ${this.line}, column ${this.column + 1}: ${this.message}\n    ${source}\n    ${caret}`;
  }
}

const faultAt = (node, message) =>
  new Fault(message, node.line, node.column, node.length ?? 1);

/** The nearest known name, for a mend; two letters that changed places are one mistake. */
function nearest(name, known) {
  const distance = (a, b) => {
    const d = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
    for (let i = 1; i <= a.length; i++) {
      for (let j = 1; j <= b.length; j++) {
        d[i][j] = Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
    return d[a.length][b.length];
  };
  const sorted = [...known].map((k) => [distance(name.toLowerCase(), k.toLowerCase()), k]).sort((a, b) => a[0] - b[0]);
  const best = sorted[0];
  return best && best[0] < name.length && best[0] <= Math.max(1, name.length / 3) ? `; did you mean '${best[1]}'?` : "";
}

/** Whether a parameter of this name is a number by the convention of the field. */
function isScalarName(name) {
  let base = name.split("_").find(Boolean) ?? name;
  const layered = /^([A-Za-z]+)[0-9]+$/.exec(base);
  if (layered && GREEK.has(SPELLINGS[layered[1]] ?? layered[1])) base = layered[1];
  return GREEK.has(SPELLINGS[base] ?? base);
}

// -- from characters to trees -----------------------------------------------------------------

const TOKEN = /([ \t\r]+)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z_0-9]*)|(\.T\b)|(\*\*|[-+*/@])|([([])|([)\]])|(,)|(=)/y;
const KINDS = ["space", "number", "name", "transpose", "operator", "open", "close", "comma", "equals"];
const INSTEAD = { "⊙": "write *", "·": "write *", "×": "write *", "σ": "write sigmoid(…)",
  "−": "write -", "²": "write **2", "^": "a power is written **", "\\": "equations are not LaTeX",
  ":": "an equation is written with =", "{": "a time is written in square brackets, as in h[t-1]", "_": "a name begins with a letter",
  ";": "each equation has a line of its own" };

function tokensOf(text) {
  const lines = text.split("\n"), found = [];
  let depth = 0;
  lines.forEach((line, index) => {
    const code = line.replace(/#.*/, "").trimEnd();
    const before = found.length;
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < code.length;) {
      const column = TOKEN.lastIndex, match = TOKEN.exec(code);
      if (!match) {
        const mend = INSTEAD[code[column]] ?? "leave it out";
        throw new Fault(`'${code[column]}' is not in the language; ${mend}`, index + 1, column);
      }
      const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
      if (kind === "space") continue;
      depth += kind === "open" ? 1 : kind === "close" ? -1 : 0;
      if (depth < 0) {
        throw new Fault(`'${match[0]}' closes no bracket; leave it out`, index + 1, column);
      }
      found.push({ kind, text: match[0], line: index + 1, column, length: match[0].length });
    }
    if (found.length > before && depth === 0) {
      found.push({ kind: "end", text: "", line: index + 1, column: code.length, length: 1 });
    }
  });
  if (depth > 0) {
    const opened = [];
    for (const token of found) {
      if (token.kind === "open") opened.push(token);
      if (token.kind === "close") opened.pop();
    }
    throw faultAt(opened[0], `'${opened[0].text}' is never closed`);
  }
  return found;
}

const BINDS = { "+": 1, "-": 1, "*": 2, "/": 2, "@": 2 };

/** Reads tokens into trees: num, name (with lag), bin, neg, turned (.T), call, list. */
class Reader {
  constructor(text, functions) {
    this.tokens = tokensOf(text);
    this.place = 0;
    this.functions = functions;
    this.depth = 0;
  }

  get next() {
    return this.tokens[this.place] ?? { kind: "end", text: "", line: 1, column: 0, length: 1 };
  }

  take(kind, text) {
    const token = this.next;
    if (token.kind !== kind || (text && token.text !== text)) return null;
    this.place += 1;
    return token;
  }

  expect(kind, text, message) {
    const token = this.take(kind, text);
    if (!token) throw faultAt(this.next, message);
    return token;
  }

  lines() {
    const lines = new Map();
    while (this.place < this.tokens.length) {
      const line = this.equation();
      if (lines.has(line.name)) {
        const first = lines.get(line.name).target.line;
        throw faultAt(line.target, `'${line.name}' is already defined in line ${first}`);
      }
      lines.set(line.name, line);
    }
    if (!lines.size) {
      throw new Fault("there is no equation here; expected one such as h[t] = tanh(U @ h[t-1] + b)");
    }
    return lines;
  }

  equation() {
    const first = this.next;
    if (first.kind !== "name") throw faultAt(first, "an equation starts with the name it defines, as in h[t] = …");
    const target = this.reference();
    this.expect("equals", null, "expected '=' after the name that is defined, as h[t] = …");
    if (target.lag === 1) throw faultAt(target, `the past cannot be defined; write ${target.id}[t] = …`);
    if (target.id === "I" || target.id === "t") throw faultAt(target, `'${target.id}' cannot be defined`);
    if (this.isFunction(target.id)) throw faultAt(target, `'${target.id}' is a function and cannot be defined`);
    const right = this.expression(0);
    const end = this.next;
    if (end.kind !== "end") {
      throw end.kind === "equals" ? faultAt(end, "a second '='; an equation has one, and a line of its own") : this.juxtaposed(end);
    }
    this.place += 1;
    return { name: target.id, target, right };
  }

  juxtaposed(token) {
    return faultAt(token, `expected an operator before '${token.text}': * multiplies component by component, @ is a matrix times a vector`);
  }

  isFunction(name) {
    return this.functions[name]?.language || TO_NUMBER.includes(name) || MIXING.includes(name) ||
      ["max", "min", "outer", "diag", "identity"].includes(name);
  }

  expression(least) {
    if (++this.depth > 200) throw faultAt(this.next, "this equation is too long; give its parts names");
    let left = this.unary();
    for (;;) {
      const token = this.next, binds = token.kind === "operator" ? BINDS[token.text] : 0;
      if (!binds || binds <= least) break;
      this.place += 1;
      const right = this.expression(binds);
      left = { kind: "bin", op: token.text, left, right, ...spanOf(left, right) };
    }
    this.depth -= 1;
    return left;
  }

  unary() {
    const sign = this.take("operator", "-") ?? this.take("operator", "+");
    if (!sign) return this.power();
    const inner = this.unary();
    if (sign.text === "+") return inner;
    return { kind: "neg", inner, ...spanOf(sign, inner) };
  }

  power() {
    const base = this.postfix();
    if (!this.take("operator", "**")) return base;
    const exponent = this.unary();
    return { kind: "bin", op: "**", left: base, right: exponent, ...spanOf(base, exponent) };
  }

  postfix() {
    let value = this.atom();
    for (let dot = this.take("transpose"); dot; dot = this.take("transpose")) {
      value = { kind: "turned", inner: value, ...spanOf(value, dot) };
    }
    return value;
  }

  atom() {
    const token = this.next;
    if (token.kind === "number") {
      this.place += 1;
      const size = Number(token.text);
      if (!(size >= 1e-100 && size <= 1e100) && /^[0.]*[1-9]/.test(token.text)) {
        throw new Fault("a number must lie between 1e-100 and 1e100", token.line, token.column, token.length);
      }
      return { kind: "num", value: Number(token.text), ...spanOf(token, token) };
    }
    if (token.kind === "open") {
      this.place += 1;
      const parts = this.parts();
      const close = this.closing(token);
      if (token.text === "(" && parts.length > 1) throw faultAt(token, "a comma makes no vector; concatenate with [a, b]");
      return token.text === "(" ? parts[0] : { kind: "list", parts, ...spanOf(token, close) };
    }
    if (token.kind !== "name") {
      throw faultAt(token, token.kind === "end" ? "the line ends where an expression was expected"
        : `expected a name, a number or '(', found '${token.text}'`);
    }
    const after = this.tokens[this.place + 1];
    return after?.kind === "open" && after.text === "(" ? this.call() : this.reference();
  }

  parts() {
    const parts = [this.expression(0)];
    while (this.take("comma")) parts.push(this.expression(0));
    return parts;
  }

  closing(open) {
    if (["name", "number", "open"].includes(this.next.kind)) throw this.juxtaposed(this.next);
    const wanted = open.text === "(" ? ")" : "]";
    return this.expect("close", wanted, `expected '${wanted}' that closes the '${open.text}' of line ${open.line}, column ${open.column + 1}`);
  }

  call() {
    const name = this.take("name"), open = this.take("open"), args = this.parts();
    const close = this.closing(open);
    if (!this.isFunction(name.text)) {
      if (args[0].kind === "name" && args[0].id === "t") {
        throw faultAt(name, `a time is written in square brackets, as in ${name.text}[t]`);
      }
      const known = [...Object.keys(this.functions), ...TO_NUMBER, ...MIXING, "outer", "diag", "identity"].filter((f) => this.isFunction(f));
      throw faultAt(name, `'${name.text}' is not a function${nearest(name.text, known) || `; choose from ${[...new Set(known)].sort().join(", ")}`}`);
    }
    const constant = this.functions[name.text]?.k !== undefined || name.text.endsWith("_norm");
    const least = PAIRS.includes(name.text) ? 2 : 1, most = constant ? 2 : least;
    if (args.length < least || args.length > most) {
      throw faultAt(name, `${name.text} takes ${least === 2 ? "two arguments" : "one argument"}`);
    }
    return { kind: "call", name: name.text, args, ...spanOf(name, close) };
  }

  reference() {
    const name = this.take("name");
    if (!(this.next.kind === "open" && this.next.text === "[")) {
      if (this.isFunction(name.text)) throw faultAt(name, `'${name.text}' is a function; give it an argument: ${name.text}(…)`);
      return { kind: "name", id: name.text, lag: null, ...spanOf(name, name) };
    }
    const open = this.take("open");
    const time = this.take("name");
    if (time?.text !== "t") throw faultAt(this.tokens[this.place - (time ? 1 : 0)] ?? open, "the time is written [t] or [t-1]");
    let lag = 0;
    const sign = this.take("operator");
    if (sign) {
      const back = this.take("number");
      if (sign.text !== "-" || back?.text !== "1") {
        throw faultAt(sign, sign.text === "+" ? `${name.text} is not known in the future; only [t] and [t-1] are allowed`
          : `only [t] and [t-1] are allowed; keep an earlier value as a state of its own, ${name.text}_before[t] = ${name.text}[t-1]`);
      }
      lag = 1;
    }
    const close = this.expect("close", "]", "the time is written [t] or [t-1]");
    return { kind: "name", id: name.text, lag, ...spanOf(name, close) };
  }
}

function spanOf(first, last) {
  const length = last.line === first.line ? last.column + last.length - first.column : first.length;
  return { line: first.line, column: first.column, length };
}

/** All nodes of a tree, the root first. */
function* below(node) {
  yield node;
  for (const child of childrenOf(node)) yield* below(child);
}

function childrenOf(node) {
  switch (node.kind) {
    case "bin": return [node.left, node.right];
    case "neg": case "turned": return [node.inner];
    case "call": return node.args;
    case "list": return node.parts;
    default: return [];
  }
}

const hasVariable = (node) => [...below(node)].some((n) => n.kind === "name" && n.lag !== null);
const isBare = (node) => node.kind === "name" && node.lag === null;
const isSum = (node) => node.kind === "bin" && (node.op === "+" || node.op === "-");
const isTimed = (node) => node.kind === "name" && node.lag !== null;

/** Reads a text. `functions` is the table of functions that act component by component. */
function readCell(text, functions) {
  const lines = sorted(timed(new Reader(text, functions).lines()));
  const ranks = new Ranks(lines);
  const { states, inputs, kinds } = classify(lines, ranks);
  const sizes = new Sizes(lines, ranks, kinds, inputs), letters = sizes.letters();
  const shown = (size) => sizes.resolved(size).map((v) => letters.get(v));
  const shapes = new Map([...lines.keys(), ...inputs].map((n) => [n, sizes.sizesOf(n).map(shown)]));
  const parameters = new Map([...kinds].map(([name, kind]) => [name, {
    kind, shape: (kind === "matrix" ? sizes.matrices.get(name) : sizes.sizesOf(name)).map(shown),
  }]));
  const identities = new Map([...sizes.identities].map(([node, size]) => [node, shown(size)]));
  const gates = [...lines.keys()].filter((name) => !states.includes(name));
  return { lines, ranks, kinds, states, inputs, gates, shapes, parameters, identities,
    letters: [...new Set(letters.values())] };
}

/** Writes [t] behind the names of equations that stand without it. */
function timed(lines) {
  for (const { right } of lines.values()) {
    for (const node of below(right)) if (isBare(node) && lines.has(node.id)) node.lag = 0;
  }
  return lines;
}
