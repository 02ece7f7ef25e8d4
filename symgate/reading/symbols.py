"""What the commands, letters and signs of formulas mean: the tables of the reader."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from symgate.algebra.activations import REGISTERED
from symgate.reading.characters import words

ACCENTS = {
    "tilde": "tilde",
    "widetilde": "tilde",
    "hat": "hat",
    "widehat": "hat",
    "bar": "bar",
    "overline": "bar",
    "dot": "dot",
    "check": "check",
    "breve": "breve",
    "ddot": "ddot",
    "acute": "acute",
    "grave": "grave",
    "overrightarrow": "fwd",
    "overleftarrow": "bwd",
    "underbar": "under",
    "mathring": "ring",
}

#: Commands that only change how their argument looks.
FONTS = words(
    "mathbf boldsymbol bm mathbb mathcal mathfrak mathscr mathsf mathtt pmb vec bold symbf "
    "emph symbfit boldmath mathnormal mathbfit hbox ensuremath mathds mathbfsf smash "
    "mathstrut underbrace overbrace underline"
)

#: Commands whose argument is a word: a name if it is one, else a remark.
WORDS = words(
    "mathrm text textrm textit textbf operatorname mathit textsf texttt mbox rm textnormal "
    "operatorname* mathop symup textup texttt hbox"
)

#: Commands that frame their argument, or say something about it.
BOXES = words("boxed fbox framebox bbox mathclap cancel hl")

#: Commands that mean nothing here; the number of arguments that go with them.
IGNORED = {
    "left": 0,
    "right": 0,
    "big": 0,
    "Big": 0,
    "bigg": 0,
    "Bigg": 0,
    "bigl": 0,
    "bigr": 0,
    "Bigl": 0,
    "Bigr": 0,
    "biggl": 0,
    "biggr": 0,
    "Biggl": 0,
    "Biggr": 0,
    "bigm": 0,
    "middle": 0,
    "displaystyle": 0,
    "textstyle": 0,
    "scriptstyle": 0,
    "limits": 0,
    "nolimits": 0,
    "rm": 0,
    "bf": 0,
    "it": 0,
    "cal": 0,
    "nonumber": 0,
    "notag": 0,
    "hline": 0,
    "strut": 0,
    "small": 0,
    "large": 0,
    "Large": 0,
    "LARGE": 0,
    "huge": 0,
    "normalsize": 0,
    "footnotesize": 0,
    "scriptsize": 0,
    "tiny": 0,
    "centering": 0,
    "noindent": 0,
    "mathstrut": 0,
    "relax": 0,
    "allowbreak": 0,
    "nobreak": 0,
    "protect": 0,
    "em": 0,
    "sf": 0,
    "tt": 0,
    "boldmath": 0,
    "textcolor": 1,
    "colorbox": 1,
    "underset": 1,
    "overset": 1,
    "stackrel": 1,
    "label": 1,
    "tag": 1,
    "tag*": 1,
    "color": 1,
    "vspace": 1,
    "vspace*": 1,
    "phantom": 1,
    "vphantom": 1,
    "hphantom": 1,
    "eqref": 1,
    "ref": 1,
    "cite": 1,
    "cref": 1,
    "dpi": 1,
    "fn_cm": 0,
    "fn_phv": 0,
    "inline": 0,
    "footnote": 1,
    "intertext": 1,
    "shortintertext": 1,
    "!": 0,
    ",": 0,
    ":": 0,
    ">": 0,
    "/": 0,
    "thinspace": 0,
    "negthinspace": 0,
    "medspace": 0,
    "thickspace": 0,
    "negmedspace": 0,
    "bg_white": 0,
    "kern": 0,
    "mkern": 0,
    "qedhere": 0,
    "hfill": 0,
    "hfil": 0,
    "par": 0,
    "smallskip": 0,
    "medskip": 0,
    "bigskip": 0,
    "break": 0,
}

#: Commands that are one terminal of the grammar.
TERMINALS = {
    "frac": "FRACTION",
    "dfrac": "FRACTION",
    "tfrac": "FRACTION",
    "sqrt": "ROOT",
    "langle": "LANGLE",
    "rangle": "RANGLE",
    "prec": "LANGLE",
    "succ": "RANGLE",
    "{": "LCURLY",
    "}": "RCURLY",
    "lbrace": "LCURLY",
    "rbrace": "RCURLY",
    "lbrack": "LBRACKET",
    "rbrack": "RBRACKET",
    "|": "DOUBLE",
    "Vert": "DOUBLE",
    "lVert": "DOUBLE",
    "rVert": "DOUBLE",
    "vert": "BAR",
    "lvert": "BAR",
    "rvert": "BAR",
    "prime": "PRIME",
    "oplus": "OPLUS",
    "newline": "ROW",
    "cr": "ROW",
    "tabularnewline": "ROW",
    "coloneqq": "EQ",
    "triangleq": "EQ",
    "equiv": "EQ",
    "gets": "EQ",
    "leftarrow": "EQ",
    "doteq": "EQ",
    "lt": "LT",
    "gt": "GT",
    "eq": "EQ",
    "partial": "PARTIAL",
    "nabla": "PARTIAL",
    "sum": "SUM",
    "prod": "SUM",
    "int": "SUM",
    "slash": "SLASH",
    "div": "SLASH",
    "Vec": "FONT",
    "lparen": "LPAR",
    "rparen": "RPAR",
    "neg": "MINUS",
    "colon": "COLON",
    "vdots": "DOTS",
    "ddots": "DOTS",
    "dots": "DOTS",
    "ldots": "DOTS",
    "cdots": "DOTS",
    "coloncolonequals": "EQ",
    "coloneq": "EQ",
    "And": "SPACE",
    "parallel": "DOUBLE",
    "mid": "BAR",
}

#: Relations other than an equals sign: a formula with one defines nothing.
RELATIONS = words(
    "in to approx sim Rightarrow rightarrow leq geq le ge neq ne propto implies mapsto ll gg "
    "longrightarrow notin subset forall iff Leftrightarrow because therefore cong simeq "
    "Longrightarrow not"
)

#: Letters under another name.
LETTERS = {
    "varphi": "phi",
    "varepsilon": "epsilon",
    "varsigma": "sigma",
    "vartheta": "theta",
    "varrho": "rho",
    "varpi": "pi",
    "varGamma": "Gamma",
    "ell": "l",
    "imath": "i",
    "jmath": "j",
    "lambda": "lamda",
    "hbar": "h",
}

#: Environments that take an argument, which says how their columns look.
WITH_ARGUMENT = words("array alignat alignedat tabular IEEEeqnarray empheq subarray")

#: Spaces wide enough to stand between two equations.
WIDE = words("quad qquad hspace hspace* enspace enskip hskip")

#: Products of vectors component by component, whatever stands beside them.
HADAMARD = words(
    "odot bigodot circ bullet otimes bigotimes bigcirc circledast oast circledcirc "
    "diamond boxdot boxtimes"
)

#: Products that mean a matrix product or a component-wise one, by what stands beside them.
TIMES = words("cdot times ast star cdotp centerdot")

_FUNCTIONS = {
    "sigmoid": "sigmoid",
    "sigm": "sigmoid",
    "logistic": "sigmoid",
    "logsig": "sigmoid",
    "expit": "sigmoid",
    "sgm": "sigmoid",
    "sig": "sigmoid",
    "tanh": "tanh",
    "th": "tanh",
    "Tanh": "tanh",
    "TanH": "tanh",
    "tansig": "tanh",
    "relu": "relu",
    "ReLU": "relu",
    "Relu": "relu",
    "RELU": "relu",
    "exp": "exp",
    "log": "log",
    "ln": "log",
    "sin": "sin",
    "cos": "cos",
    "softplus": "softplus",
    "softsign": "softsign",
    "gelu": "gelu",
    "GELU": "gelu",
    "silu": "silu",
    "SiLU": "silu",
    "swish": "silu",
    "elu": "elu",
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "leaky_relu": "leaky_relu",
    "hardsigmoid": "hard_sigmoid",
    "hard_sigmoid": "hard_sigmoid",
    "hardtanh": "hard_tanh",
    "hard_tanh": "hard_tanh",
    "Sigmoid": "sigmoid",
    "SIGMOID": "sigmoid",
    "Softplus": "softplus",
    "Exp": "exp",
    "identity": "identity",
    "hsigmoid": "hard_sigmoid",
}

#: Functions by their names in formulas, and what the language calls them.
FUNCTIONS: Mapping[str, str] = ChainMap(_FUNCTIONS, REGISTERED)

#: Functions of a whole vector, which the language does not have: an output layer's.
OUTPUT_FUNCTIONS = words("softmax Softmax argmax logsoftmax SoftMax smax")

#: Other functions that the language does not have.
UNKNOWN_FUNCTIONS = words("max min arg det dim sup")

#: Functions that make one vector of several.
CONCATENATIONS = words("concat Concat concatenate cat CONCAT Concatenate vstack stack")

#: Functions of a matrix and a vector that are their product.
PRODUCTS = words("dot matmul mm matvec Dot MatMul")

#: Maps that pass their argument through, made comparable or bounded.
NORMALISATIONS = words(
    "GN LN BN LayerNorm layernorm BatchNorm GroupNorm Norm norm clip Clip dropout Dropout "
    "RMSNorm layer_norm batch_norm"
)

#: Affine maps without a letter of their own.
LINEAR = words("Linear linear Dense dense FC fc MLP Affine affine Conv conv Conv2D Conv2d")

#: Greek letters and others that name an activation where they stand before parentheses.
ACTIVATION_LETTERS = words(
    "sigma phi varphi psi delta tau rho Sigma Phi Psi Theta f g h s k act activation a G F"
)

#: Matrices and arrays; the rest of the environments only lay lines out.
MATRICES = words(
    "matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix bsmallmatrix psmallmatrix"
)

LAYOUTS = words(
    "equation equation* align align* aligned alignat alignat* alignedat gather gather* "
    "gathered split multline multline* flalign flalign* eqnarray eqnarray* displaymath math "
    "array cases subequations eqsplit dmath dmath* empheq rcases dcases numcases multlined "
    "IEEEeqnarray IEEEeqnarray* tabular center"
)

#: Commands that stand without their backslash in texts that have lost it.
LOST = {"odot", "cdot", "circ", "otimes", "tilde", "widetilde", "mathbf", "mathrm", "boldsymbol"}
