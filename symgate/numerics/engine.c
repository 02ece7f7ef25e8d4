/* The compiled step: runs a tape of instructions over the steps of a sequence.
 *
 * It knows no cell. A tape is an array of instructions made from a cell's equations or terms
 * (tape.py). Each works on rows: row i of sample b of an operand lies at
 *
 *     at + step · steps + row · (b · height + i, b, or i), by its mode 0, 1, 2
 *
 * all in doubles. Vectors are the compiler's own (GCC, Clang): the same text serves AVX-512,
 * AVX2 and NEON. Nothing here rests on a mode of arithmetic that forgets inf or nan.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define V 8
#elif defined(__AVX__)
#define V 4
#else
#define V 2
#endif
#define PANEL (2 * V) /* columns of a matrix that lie together */
typedef double vec __attribute__((vector_size(8 * V), aligned(8), may_alias));
typedef int64_t whole;
#define FOR _Pragma("GCC ivdep") for

typedef struct {
    double *at;
    whole steps, row, mode;
} place;

typedef struct {
    whole op, n, k, height;
    place out, a, b;
} instruction;

/* In the order of OPERATIONS in tape.py. */
enum {
    COPY, ADD, SUB, MUL, DIV, MULADD, POW, MAX, MIN, NEG, SIGMOID, TANH, EXP, EXPM1, LOG, LOG1P,
    SQRT, ABS, SIN, COS, ERF, ERFC, STEP, SIGN, TIMES, TIMES_ADD, APPLY, APPLY_ADD, SCALE,
    SCALE_ADD, DIAGONAL_ADD, SQUARES, SPECTRAL
};

whole symgate_vector(void) { return V; }

/* ---- functions: exp and tanh by a polynomial that the compiler turns into vectors ---- */

static inline double power_of_two(whole n) {
    union { whole i; double d; } u = {.i = (n + 1023) << 52};
    return u.d;
}

/* x = n ln 2 + r; gives n, and e^r - 1 to the last bit but one */
static inline double reduced(double x, whole *n) {
    const double magic = 6755399441055744.0;
    union { double d; whole i; } z = {.d = x * 1.4426950408889634 + magic}, m = {.d = magic};
    double k = z.d - magic, r = x - k * 6.93147180369123816490e-01;
    r -= k * 1.90821492927058770002e-10;
    *n = z.i - m.i;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600, p = p * r + 1.0 / 39916800, p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880, p = p * r + 1.0 / 40320, p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720, p = p * r + 1.0 / 120, p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6, p = p * r + 0.5;
    return r + r * r * p;
}

static inline double exp_of(double x) {
    whole n;
    x = x > 710 ? 710 : x;
    x = x < -746 ? -746 : x;
    double p = 1 + reduced(x, &n);
    whole half = n >> 1;
    return p * power_of_two(half) * power_of_two(n - half);
}

static inline double tanh_of(double x) {
    whole n;
    x = x > 20 ? 20 : x;
    x = x < -20 ? -20 : x;
    double p = reduced(2 * x, &n), s = power_of_two(n), e = s * p + (s - 1);
    return e / (e + 2);
}

static inline double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static inline double larger(double a, double b) { return a > b || a != a ? a : b; }
static inline double smaller(double a, double b) { return a < b || a != a ? a : b; }

/* ---- products with matrices that lie panel by panel ---- */

#if defined(__AVX512F__) || defined(__aarch64__)
#define MOST 12 /* rows of a tile: its sums and a row of the matrix stay in registers */
#define BESIDE 4 /* vectors of a tile of up to four rows */
#else
#define MOST 6
#define BESIDE 2
#endif
#define UNROLLED _Pragma("GCC unroll 16") for

/* c (rows, VECTORS · V) = [c +] a (rows, k) times panels `gap` apart. ROWS, VECTORS are known
 * to the compiler; where there are fewer rows the last is worked out again: it costs less
 * than sums that wait for each other. */
static inline __attribute__((always_inline)) void tile(
    const int ROWS, const int VECTORS, whole rows, whole k, const double *a, whole lda,
    const double *b, whole gap, double *c, whole ldc, int more) {
    vec s[12][8], w[8];
    const double *x[12];
    double *y[12];
    UNROLLED (int i = 0; i < ROWS; i++) {
        whole row = i < rows ? i : rows - 1;
        x[i] = a + row * lda, y[i] = c + row * ldc;
        UNROLLED (int v = 0; v < VECTORS; v++)
            s[i][v] = more ? *(const vec *)(y[i] + v * V) : (vec){0};
    }
    for (whole p = 0; p < k; p++) {
        UNROLLED (int v = 0; v < VECTORS; v++)
            w[v] = *(const vec *)(b + v / 2 * gap + p * PANEL + v % 2 * V);
        UNROLLED (int i = 0; i < ROWS; i++)
            UNROLLED (int v = 0; v < VECTORS; v++) s[i][v] += x[i][p] * w[v];
    }
    UNROLLED (int i = 0; i < ROWS; i++)
        UNROLLED (int v = 0; v < VECTORS; v++) *(vec *)(y[i] + v * V) = s[i][v];
}

#define TILE(ROWS, VECTORS)                                                                   \
    tile(ROWS, VECTORS, rows, k, a, lda, b + j * k, k * PANEL, c + j, ldc, more);             \
    j += VECTORS * V
#define WIDE(ROWS, VECTORS)                                                                   \
    while (n - j > (VECTORS - 1) * V) { TILE(ROWS, VECTORS); }
#define CASE(ROWS)                                                                            \
    case ROWS: {                                                                              \
        WIDE(ROWS, 2)                                                                         \
        WIDE(ROWS, 1)                                                                         \
        return;                                                                               \
    }

/* c (rows ≤ MOST, n) = [c +] a (rows, k) times a matrix (k, n) that lies panel by panel */
static void some_rows(whole rows, whole n, whole k, const double *a, whole lda,
                      const double *b, double *c, whole ldc, int more) {
    whole j = 0;
    switch (rows) {
    case 1:
        WIDE(1, 8)
        WIDE(1, 4)
        WIDE(1, 2)
        WIDE(1, 1)
        return;
    case 2:
    case 3:
    case 4:
        WIDE(4, BESIDE)
        WIDE(4, 2)
        WIDE(4, 1)
        return;
        CASE(5)
        CASE(6)
#if MOST > 6
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
#endif
    }
}

/* the same for any number of rows, in tiles of nearly as many each */
static void times(whole rows, whole n, whole k, const double *a, whole lda, const double *b,
                  double *c, whole ldc, int more) {
    for (whole left = (rows + MOST - 1) / MOST; left; left--) {
        whole part = (rows + left - 1) / left;
        some_rows(part, n, k, a, lda, b, c, ldc, more);
        rows -= part, a += part * lda, c += part * ldc;
    }
}

/* c = [c +] a times b (k, n) with rows ldb apart; `space` takes one panel */
static void apply(whole rows, whole n, whole k, const double *a, whole lda, const double *b,
                  whole ldb, double *c, whole ldc, int more, double *space) {
    for (whole j = 0; j < n; j += PANEL) {
        int wide = n - j > V;
        for (whole p = 0; p < k; p++) {
            *(vec *)(space + p * PANEL) = *(const vec *)(b + p * ldb + j);
            if (wide) *(vec *)(space + p * PANEL + V) = *(const vec *)(b + p * ldb + j + V);
        }
        times(rows, wide ? PANEL : V, k, a, lda, space, c + j, ldc, more);
    }
}

/* ---- norms ---- */

static double squares(const double *a, whole n) {
    double s = 0;
    vec t[4] = {{0}};
    whole j = 0;
    for (; n - j >= 4 * V; j += 4 * V)
        for (int v = 0; v < 4; v++) {
            vec x = *(const vec *)(a + j + v * V);
            t[v] += x * x;
        }
    t[0] += t[1] + t[2] + t[3];
    for (int v = 0; v < V; v++) s += t[0][v];
    for (; j < n; j++) s += a[j] * a[j];
    return s;
}

/* a moves to o; the sum of its squares */
static double moved(const double *a, double *o, whole n) {
    double s = 0;
    vec t = {0};
    whole j = 0;
    for (; j + V <= n; j += V) {
        vec x = *(const vec *)(a + j);
        *(vec *)(o + j) = x;
        t += x * x;
    }
    for (int v = 0; v < V; v++) s += t[v];
    for (; j < n; j++) o[j] = a[j], s += a[j] * a[j];
    return s;
}

static int any(const double *a, whole n) {
    for (whole j = 0; j < n; j++)
        if (a[j] != 0) return 1;
    return 0;
}

enum { FEW = 128, APART = FEW + 8 }; /* rows of a Gram matrix, and how far they lie apart */

/* the largest eigenvalue of a symmetric matrix g (r, r), its rows `apart`, which is destroyed:
 * Householder to tridiagonal form, then Laguerre's iteration from above; where many eigenvalues
 * lie near the largest that is slow, and the rest is bisected */
static inline double largest(whole r, double *g, whole apart) {
    double d[APART], e[APART], u[APART], w[APART], scale = 0;
    whole wide = (r + V - 1) / V * V;
    for (whole i = 0; i < r; i++) scale = larger(scale, g[i * apart + i]);
    if (r == 1 || scale == 0) return scale;
    for (whole i = 0; i < r; i++)
        for (whole j = 0; j < wide; j += V) *(vec *)(g + i * apart + j) /= scale;
    for (whole c = 0; c + 2 < r; c++) {
        double *row = g + c * apart, head = row[c + 1], s = 0, dot = 0;
        whole begin = (c + 1) / V * V;
        d[c] = row[c];
        for (whole j = begin; j <= c; j++) row[j] = 0;
        vec sum = {0};
        for (whole j = begin; j < wide; j += V) {
            *(vec *)(u + j) = *(vec *)(row + j);
            sum += *(vec *)(u + j) * *(vec *)(u + j);
        }
        for (int v = 0; v < V; v++) s += sum[v];
        double length = sqrt(s), tail = s - head * head;
        if (tail <= 0) { e[c] = head; continue; }
        e[c] = head > 0 ? -length : length;
        u[c + 1] = head - e[c];
        double h = u[c + 1] * u[c + 1] + tail;
        sum = (vec){0};
        for (whole j = begin; j < wide; j += V) {
            vec t = {0}, t1 = {0}, t2 = {0}, t3 = {0};
            const double *p = g + (c + 1) * apart + j;
            whole i = c + 1;
            for (; i + 3 < r; i += 4, p += 4 * apart) {
                t += u[i] * *(const vec *)p, t1 += u[i + 1] * *(const vec *)(p + apart);
                t2 += u[i + 2] * *(const vec *)(p + 2 * apart);
                t3 += u[i + 3] * *(const vec *)(p + 3 * apart);
            }
            for (; i < r; i++, p += apart) t += u[i] * *(const vec *)p;
            t = (t + t1 + t2 + t3) * (2 / h);
            *(vec *)(w + j) = t;
            sum += t * *(vec *)(u + j);
        }
        for (int v = 0; v < V; v++) dot += sum[v];
        for (whole j = begin; j < wide; j += V) *(vec *)(w + j) -= dot / h * *(vec *)(u + j);
        for (whole i = c + 1; i < r; i++)
            for (whole j = begin; j < wide; j += V)
                *(vec *)(g + i * apart + j) -= u[i] * *(vec *)(w + j) + w[i] * *(vec *)(u + j);
    }
    d[r - 2] = g[(r - 2) * apart + r - 2], e[r - 2] = g[(r - 1) * apart + r - 2];
    d[r - 1] = g[(r - 1) * apart + r - 1];
    double x = 0;
    for (whole i = 0; i < r; i++)
        x = larger(x, d[i] + (i ? fabs(e[i - 1]) : 0) + (i + 1 < r ? fabs(e[i]) : 0));
    x *= 1 + 1e-15;
    for (int turn = 0; turn < 16; turn++) {
        double q = d[0] - x, q1 = -1, q2 = 0, of = 1 / q, one = -of, two = -one * one;
        for (whole i = 1; i < r && q < 0; i++) { /* q, q', q'' of the ratios of minors */
            double p = e[i - 1] * e[i - 1] * of, f = p * of, slope = q1 * of;
            q2 = f * (q2 - 2 * q1 * slope), q1 = f * q1 - 1, q = d[i] - x - p, of = 1 / q;
            one += q1 * of, two += q2 * of - q1 * of * (q1 * of);
        }
        if (!(q < 0)) return x * scale; /* x is the eigenvalue to rounding */
        double root = (r - 1) * (-two * r - one * one);
        double next = x - r / (one + sqrt(root > 0 ? root : 0));
        if (!(x - next > 1e-15 * x)) return next * scale;
        x = next;
    }
    double low = 0;
    for (whole i = 0; i < r; i++) low = larger(low, d[i]);
    while (x - low > 4e-16 * x) {
        double middle = low + (x - low) / 2, q = d[0] - middle;
        for (whole i = 1; i < r && q < 0; i++) q = d[i] - middle - e[i - 1] * e[i - 1] / q;
        if (middle <= low || middle >= x) break;
        if (q < 0) x = middle;
        else low = middle;
    }
    return x * scale;
}

static inline double spectral(
    const double *a, whole lda, whole r, whole n, double *g, whole apart) {
    double turned[V * APART] __attribute__((aligned(64)));
    whole wide = (r + V - 1) / V * V;
    memset(g, 0, r * apart * sizeof(double));
    memset(turned, 0, V * apart * sizeof(double));
    for (whole p = 0; p < n; p += V) {
        whole count = n - p < V ? n - p : V;
        for (whole i = 0; i < r; i++)
            for (whole v = 0; v < count; v++) turned[v * apart + i] = a[i * lda + p + v];
        for (whole i = 0; i < r; i++)
            for (whole j = i / V * V; j < wide; j += V) {
                vec t = *(vec *)(g + i * apart + j);
                for (whole v = 0; v < count; v++)
                    t += turned[v * apart + i] * *(vec *)(turned + v * apart + j);
                *(vec *)(g + i * apart + j) = t;
            }
    }
    for (whole i = 0; i < r; i++)
        for (whole j = 0; j < i; j++) g[i * apart + j] = g[j * apart + i];
    return largest(r, g, apart);
}

/* the largest singular value, squared, of each of `count` matrices (r, n), r up to FEW */
void symgate_spectral(const double *a, whole count, whole r, whole n, double *out) {
    double g[FEW * APART] __attribute__((aligned(64)));
    for (whole i = 0; i < count; i++) out[i] = spectral(a + i * r * n, n, r, n, g, APART);
}

/* ---- the rank ---- */

/* a (rows, width), its rows `lda` apart, becomes R of its QR decomposition, by Householder */
static void triangle(double *a, whole rows, whole width, whole lda, double *w) {
    for (whole c = 0; c + 1 < rows && c < width; c++) {
        double s = 0, head = a[c * lda + c];
        for (whole i = c; i < rows; i++) s += a[i * lda + c] * a[i * lda + c];
        double length = head > 0 ? -sqrt(s) : sqrt(s), h = s - head * length;
        if (h == 0) continue;
        FOR (whole j = c; j < width; j++) w[j] = (head - length) * a[c * lda + j];
        whole i = c + 1;
        for (; i + 3 < rows; i += 4) {
            const double *p = a + i * lda, *q = p + lda, *u = q + lda, *v = u + lda;
            double x = p[c], y = q[c], z = u[c], t = v[c];
            FOR (whole j = c; j < width; j++) w[j] += x * p[j] + y * q[j] + z * u[j] + t * v[j];
        }
        for (; i < rows; i++) {
            double x = a[i * lda + c];
            FOR (whole j = c; j < width; j++) w[j] += x * a[i * lda + j];
        }
        for (i = c + 1; i < rows; i++) {
            double x = a[i * lda + c] / h;
            FOR (whole j = c + 1; j < width; j++) a[i * lda + j] -= x * w[j];
            a[i * lda + c] = 0;
        }
        double x = (head - length) / h;
        FOR (whole j = c + 1; j < width; j++) a[c * lda + j] -= x * w[j];
        a[c * lda + c] = length;
    }
}

/* Each sample's rows (rows, width) become triangular; tail[i] is the size of the rows i … of
 * all, as a part of the whole, the largest over the samples and over the column blocks that
 * `ends` bounds. `w` takes width + rows numbers. */
void symgate_reduce(double *a, whole samples, whole rows, whole width, const whole *ends,
                    whole blocks, double *tail, double *w) {
    double *weight = w + width;
    memset(tail, 0, rows * sizeof(double));
    for (whole b = 0; b < samples; b++, a += rows * width) {
        triangle(a, rows, width, width, w);
        memset(weight, 0, rows * sizeof(double));
        for (whole e = 0, start = 0; e < blocks; start = ends[e++]) {
            double all = 0;
            for (whole i = 0; i < rows; i++)
                all += squares(a + i * width + start, ends[e] - start);
            for (whole i = 0; i < rows && all > 0; i++)
                weight[i] += squares(a + i * width + start, ends[e] - start) / all;
        }
        double sum = 0;
        for (whole i = rows - 1; i >= 0; i--) sum += weight[i], weight[i] = sum;
        for (whole i = 0; i < rows && sum > 0; i++)
            tail[i] = larger(tail[i], sqrt(weight[i] / sum));
    }
}

/* ---- the tape ---- */

/* where the first row of sample b lies, and how far the next */
static inline double *rows_of(const place *p, whole step, whole b, whole height) {
    return p->at + step * p->steps + (p->mode == 0 ? b * height : p->mode == 1 ? b : 0) * p->row;
}
#define NEXT(p) (p.mode == 1 ? 0 : p.row)

#define ALL_ROWS(body)                                                                        \
    for (whole b = from; b < to; b++) {                                                       \
        double *o = rows_of(&c->out, step, b, height);                                        \
        const double *x = rows_of(&c->a, step, b, height);                                    \
        const double *y = c->b.at ? rows_of(&c->b, step, b, height) : x;                      \
        whole no = NEXT(c->out), nx = NEXT(c->a), ny = c->b.at ? NEXT(c->b) : nx, n = c->n;   \
        (void)y;                                                                              \
        for (whole i = 0; i < height; i++, o += no, x += nx, y += ny) body                    \
    }                                                                                         \
    break

/* a value for each component, by the compiler's loops; the same by whole vectors */
#define EACH(value) ALL_ROWS({ FOR (whole j = 0; j < n; j++) o[j] = value; })
#define AT(p) (*(const vec *)((p) + j))
#define VECTORS(wide, value)                                                                  \
    ALL_ROWS({                                                                                \
        whole j = 0;                                                                          \
        for (; j + V <= n; j += V) *(vec *)(o + j) = wide;                                    \
        for (; j < n; j++) o[j] = value;                                                      \
    })

/* Runs the steps first, first ± 1, … before `stop` for the samples from … to - 1, each of
 * `rows` rows. Gives how many it did: fewer where a sum of squares leaves (low, high). */
whole symgate_run(const instruction *code, whole count, whole first, whole stop, whole from,
                  whole to, whole rows, double low, double high, double *space) {
    whole way = stop < first ? -1 : 1, done = 0;
    for (whole step = first; step != stop; step += way, done++) {
        int out = 0;
        for (const instruction *c = code; c < code + count; c++) {
            whole height = c->height ? c->height : rows, all = (to - from) * height;
            double *o0 = c->out.at + step * c->out.steps + c->out.row * from * height;
            const double *a0 = c->a.at + step * c->a.steps;
            if (c->a.mode != 2) a0 += c->a.row * from * height;
            switch (c->op) {
            case COPY: VECTORS(AT(x), x[j]);
            case ADD: VECTORS(AT(x) + AT(y), x[j] + y[j]);
            case SUB: VECTORS(AT(x) - AT(y), x[j] - y[j]);
            case MUL: VECTORS(AT(x) * AT(y), x[j] * y[j]);
            case DIV: EACH(x[j] / y[j]);
            case MULADD: VECTORS(AT(o) + AT(x) * AT(y), o[j] + x[j] * y[j]);
            case POW: EACH(pow(x[j], y[j]));
            case MAX: EACH(larger(x[j], y[j]));
            case MIN: EACH(smaller(x[j], y[j]));
            case NEG: VECTORS(-AT(x), -x[j]);
            case SIGMOID: EACH(1 / (1 + exp_of(-x[j])));
            case TANH: EACH(tanh_of(x[j]));
            case EXP: EACH(exp_of(x[j]));
            case EXPM1: EACH(expm1(x[j]));
            case LOG: EACH(log(x[j]));
            case LOG1P: EACH(log1p(x[j]));
            case SQRT: EACH(sqrt(x[j]));
            case ABS: EACH(fabs(x[j]));
            case SIN: EACH(sin(x[j]));
            case COS: EACH(cos(x[j]));
            case ERF: EACH(erf(x[j]));
            case ERFC: EACH(erfc(x[j]));
            case STEP: EACH(x[j] > 0 ? 1 : 0);
            case SIGN: EACH(sign_of(x[j]));
            case TIMES:
            case TIMES_ADD:
                times(all, c->n, c->k, a0, c->a.row, c->b.at, o0, c->out.row, c->op == TIMES_ADD);
                break;
            case APPLY:
            case APPLY_ADD:
                for (whole b = from; b < to; b++)
                    apply(height, c->n, c->k, a0 + (b - from) * height * c->a.row, c->a.row,
                          c->b.at + b * c->k * c->b.row, c->b.row,
                          o0 + (b - from) * height * c->out.row, c->out.row,
                          c->op == APPLY_ADD, space);
                break;
            case SCALE:
                ALL_ROWS({
                    double k = y[i];
                    FOR (whole j = 0; j < n; j++) o[j] = k * x[j];
                });
            case SCALE_ADD:
                ALL_ROWS({
                    double k = y[i];
                    FOR (whole j = 0; j < n; j++) o[j] += k * x[j];
                });
            case DIAGONAL_ADD:
                ALL_ROWS({ (void)n; o[i] += x[i]; });
            case SQUARES:
            case SPECTRAL: /* out (2, samples): the squared norm, and that of the last row */
                for (whole b = from; b < to; b++) { /* b: where the rows go on the way */
                    double *o = c->out.at + step * c->out.steps + b, s = 0, last = 0;
                    const double *x = c->a.at + b * height * c->a.row;
                    double *y = c->b.at + b * height * c->b.row;
                    for (whole i = 0; i < height; i++)
                        s += last = moved(x + i * c->a.row, y + i * c->b.row, c->n);
                    o[c->k] = last;
                    if (!(s > low && s < high)) {
                        for (whole i = 0; i < height && !out; i++)
                            out = s != 0 || any(x + i * c->a.row, c->n);
                    }
                    else if (c->op == SPECTRAL)
                        s = spectral(x, c->a.row, height, c->n, space, APART);
                    o[0] = s;
                }
            }
        }
        if (out) return done + 1;
    }
    return done;
}
