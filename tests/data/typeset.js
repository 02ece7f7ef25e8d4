// The terms that the page typesets, in numbers: the sum of the products of their factors.
const termsInNumbers = ({ cell }, machine, of, wrt) => {
  const t = machine.steps - 1, { compiler, memory, parameters } = machine;
  const seen = (r) => [...memory.subarray(machine.at(r, t), machine.at(r, t) + r.size)];
  const act = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": Math.pow };
  const value = (n) => {
    if (n.kind === "num") return [n.value];
    if (n.kind === "neg") return value(n.inner).map((v) => -v);
    if (n.kind === "name") return n.lag === null ? [...parameters.get(n.id)] : seen((n.lag ? compiler.before : compiler.now).get(n.id));
    if (n.kind === "list") return n.parts.flatMap(value);
    if (n.kind === "call") {
      const name = n.name.replace("′", ""), known = FUNCTIONS[name] ?? { value: step }, a = value(n.args[0]);
      if (name === n.name) return a.map((v) => known.value(v, known.k));
      return a.map((v) => { const to = [0]; known.pull([1], to, 1, [v, known.value(v, known.k)], 1, 0, 0, 0, known.k); return to[0]; });
    }
    if (n.op === "@") { const { rows, cols, data } = dense(n.left), v = value(n.right); return times({ rows, cols, data }, { rows: cols, cols: 1, data: v }).data; }
    const a = value(n.left), b = value(n.right);
    return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => act[n.op](a[a.length > 1 ? i : 0], b[b.length > 1 ? i : 0]));
  };
  const dense = (n) => {
    if (n.kind !== "part") return evaluated(n, compiler, parameters);
    const whole = dense(n.inner), list = [...below(lineOf(n.part))].find((l) => l.kind === "list" && l.parts.includes(n.part));
    const before = list.parts.slice(0, list.parts.indexOf(n.part)).reduce((sum, p) => sum + value(p).length, 0), cols = value(n.part).length;
    return { rows: whole.rows, cols, data: Array.from({ length: whole.rows * cols }, (_, e) => whole.data[Math.floor(e / cols) * whole.cols + before + e % cols]) };
  };
  const lineOf = (part) => [...cell.lines.values()].map((l) => l.right).find((right) => [...below(right)].includes(part));
  const times = (A, B) => ({ rows: A.rows, cols: B.cols, data: Array.from({ length: A.rows * B.cols }, (_, e) =>
    Array.from({ length: A.cols }, (_, k) => A.data[Math.floor(e / B.cols) * A.cols + k] * B.data[k * B.cols + e % B.cols]).reduce((a, b) => a + b, 0)) });
  const eye = (n, f) => ({ rows: n, cols: n, data: Array.from({ length: n * n }, (_, e) => (e % (n + 1) ? 0 : f(e / (n + 1)))) });
  const n = compiler.now.get(of).size, sum = Array(n * compiler.now.get(wrt).size).fill(0);
  for (const { sign, factors } of stepTerms(cell, of, wrt)) {
    let product = eye(n, () => sign);
    for (const { diag, matrix } of factors) {
      const v = diag && value(diag);
      product = times(product, matrix ? dense(matrix) : eye(product.cols, (i) => v[v.length > 1 ? i : 0]));
    }
    product.data.forEach((v, i) => { sum[i] += v; });
  }
  return sum;
};
