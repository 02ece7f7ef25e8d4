"""Hand derivations judged: a claim about a Jacobian, held against the exact one."""
