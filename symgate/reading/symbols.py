"""What the commands, letters and signs of formulas mean: the tables of the reader."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from symgate.algebra.activations import ACTIVATIONS, REGISTERED
from symgate.reading.characters import spelled, words

ACCENTS = spelled(
    {
        "tilde": "tilde widetilde ~",
        "hat": "hat widehat",
        "bar": "bar overline",
        "dot": "dot",
        "check": "check",
        "breve": "breve",
        "ddot": "ddot",
        "acute": "acute",
        "grave": "grave",
        "fwd": "overrightarrow",
        "bwd": "overleftarrow",
        "under": "underbar",
        "ring": "mathring",
    }
)

#: Signs that are accents where they are set above a symbol.
ABOVE = spelled({"fwd": r"\rightarrow \to", "bwd": r"\leftarrow \gets", "tilde": r"\sim ~"})

#: Commands that only change how their argument looks.
FONTS = words(
    "mathbf boldsymbol bm mathbb mathcal mathfrak mathscr mathsf mathtt pmb vec bold symbf "
    "emph symbfit boldmath mathnormal mathbfit hbox ensuremath mathds mathbfsf smash "
    "mathstrut underline"
)

#: Commands whose argument is a word: a name if it is one, else a remark.
WORDS = words(
    "mathrm text textrm textit textbf operatorname mathit textsf texttt mbox rm textnormal "
    "operatorname* mathop symup textup texttt hbox"
)

#: Commands that frame their argument, or say something about it.
BOXES = words(
    "boxed fbox framebox bbox mathclap cancel hl onslide only uncover visible alert eqalign "
    "eqalignno leqalignno displaylines "
    "mathbin mathrel mathord mathpunct mathinner mathopen mathclose"
)

#: Commands whose argument stands in brackets that they draw: the kinds of these.
FRAMES = {
    word: kinds
    for own, *kinds in (
        ("underbrace overbrace underbracket overbracket", "LBRACE", "RBRACE"),
        ("pqty paren parens pqty*", "LPAR", "RPAR"),
        ("bqty brack bracks brackets", "LBRACKET", "RBRACKET"),
        ("Bqty braces", "LCURLY", "RCURLY"),
        ("abs abs* vqty absolutevalue", "LBAR", "RBAR"),
        ("norm norm*", "DOUBLE", "DOUBLE"),
    )
    for word in own.split()
}

#: Commands that mean nothing here; the number of arguments that go with them.
IGNORED = dict.fromkeys(
    words(
        "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm middle "
        "displaystyle textstyle scriptstyle limits nolimits rm bf it cal nonumber notag hline "
        "strut small large Large LARGE huge normalsize footnotesize scriptsize tiny centering "
        "noindent mathstrut relax allowbreak nobreak protect em sf tt boldmath fn_cm fn_phv "
        "mleft mright qty startalign stopalign IEEEyesnumber IEEEnonumber IEEEeqnarraynumspace "
        "eqno leqno "
        "inline ! , : > / thinspace negthinspace medspace thickspace negmedspace bg_white "
        "kern mkern qedhere hfill hfil par smallskip medskip bigskip break "
    ),
    0,
) | dict.fromkeys(
    words(
        "textcolor colorbox underset overset stackrel label tag tag* color vspace vspace* "
        "phantom vphantom hphantom eqref ref cite cref dpi footnote intertext shortintertext "
    ),
    1,
)

#: Commands that are one terminal of the grammar.
TERMINALS = spelled(
    {
        "HADAMARD": "odot bigodot circ bullet otimes bigotimes bigcirc circledast oast "
        "circledcirc diamond boxdot boxtimes",
        "TIMES": "cdot times ast star cdotp centerdot",
        "FRACTION": "frac dfrac tfrac",
        "ROOT": "sqrt",
        "LANGLE": "langle prec",
        "RANGLE": "rangle succ",
        "LCURLY": "{ lbrace",
        "RCURLY": "} rbrace",
        "LBRACKET": "lbrack",
        "RBRACKET": "rbrack",
        "DOUBLE": "| Vert lVert rVert parallel",
        "BAR": "vert lvert rvert mid",
        "PRIME": "prime",
        "OPLUS": "oplus",
        "ROW": "newline cr tabularnewline NR",
        "AMP": "NC",
        "EQ": "coloneqq triangleq equiv gets leftarrow doteq eq coloncolonequals coloneq",
        "LT": "lt",
        "GT": "gt",
        "PARTIAL": "partial nabla",
        "SUM": "sum prod int",
        "SLASH": "slash div",
        "FONT": "Vec",
        "LPAR": "lparen",
        "RPAR": "rparen",
        "MINUS": "neg",
        "COLON": "colon",
        "DOTS": "vdots ddots dots ldots cdots",
        "SPACE": "And",
    }
)

#: Relations other than an equals sign: a formula with one defines nothing.
RELATIONS = words(
    "in to approx sim Rightarrow rightarrow leq geq le ge neq ne propto implies mapsto ll gg "
    "longrightarrow notin subset forall iff Leftrightarrow because therefore cong simeq "
    "Longrightarrow not"
)

#: Letters under another name.
LETTERS = spelled(
    {
        "phi": "varphi",
        "epsilon": "varepsilon",
        "sigma": "varsigma",
        "theta": "vartheta",
        "rho": "varrho",
        "pi": "varpi",
        "Gamma": "varGamma",
        "l": "ell",
        "i": "imath",
        "j": "jmath",
        "lamda": "lambda",
        "h": "hbar",
    }
)

#: Environments that take an argument, which says how their columns look.
WITH_ARGUMENT = words("array alignat alignedat tabular IEEEeqnarray empheq subarray")

#: Spaces wide enough to stand between two equations.
WIDE = words("quad qquad hspace hspace* enspace enskip hskip")

_FUNCTIONS = spelled(
    {
        "sigmoid": "sigmoid sigm logistic logsig expit sgm sig Sigmoid SIGMOID",
        "tanh": "tanh th Tanh TanH TANH tansig",
        "relu": "relu ReLU Relu RELU",
        "exp": "exp Exp",
        "log": "log ln",
        "sin": "sin",
        "cos": "cos",
        "softplus": "softplus Softplus",
        "softsign": "softsign",
        "gelu": "gelu GELU",
        "silu": "silu SiLU swish",
        "elu": "elu ELU",
        "leaky_relu": "LeakyReLU leakyrelu leaky_relu",
        "hard_sigmoid": "hardsigmoid hard_sigmoid hsigmoid",
        "hard_tanh": "hardtanh hard_tanh",
        "identity": "identity",
    }
)

#: The same from the records of functions that SymPy has not.
_RECORDED = {
    name: record.name
    for record in ACTIVATIONS.values()
    if record.in_language and record.closed is not None and record.slope is not None
    for name in (record.name, *record.spellings)
}

#: Functions by their names in formulas, and what the language calls them.
FUNCTIONS: Mapping[str, str] = ChainMap(_FUNCTIONS, REGISTERED, _RECORDED)

#: Functions of a whole vector, which the language does not have: an output layer's.
OUTPUT_FUNCTIONS = words("softmax Softmax argmax logsoftmax SoftMax smax")

#: Other functions that the language does not have.
UNKNOWN_FUNCTIONS = words("max min arg det dim sup")

#: Words of remarks that are no names.
REMARKS = words("or and where with for if then is as when otherwise thus")

#: Functions that make one vector of several.
CONCATENATIONS = words("concat Concat concatenate cat CONCAT Concatenate vstack stack")

#: Functions of a matrix and a vector that are their product.
PRODUCTS = words("dot matmul mm matvec Dot MatMul")

#: Maps that pass their argument through, made comparable or bounded.
NORMALISATIONS = words(
    "GN LN BN LayerNorm layernorm BatchNorm GroupNorm Norm norm clip Clip dropout Dropout "
    "RMSNorm layer_norm batch_norm"
)

#: Functions of a whole vector that the language has.
WHOLE = spelled(
    {"softmax": "softmax Softmax", "rms_norm": "RMSNorm rms_norm"}
    | {"layer_norm": "LN LayerNorm layernorm layer_norm"}
)

#: Affine maps without a letter of their own.
LINEAR = words("Linear linear Dense dense FC fc MLP Affine affine Conv conv Conv2D Conv2d")

#: Labels that say of a name that it is an affine map.
MAPS = words("projection proj linear layer net mlp fc")

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
