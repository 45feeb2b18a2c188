// Package expression is the language inside ${{ }}, of if: and of gates: GitHub's
// expressions, with arithmetic, static types, traces and exact places of errors.
// It reads no files and knows neither machine learning nor mlops.yaml; names and
// functions come from the caller.
//
//	x, err := expression.Parse("auc >= baseline.auc - 0.002")
//	typ, errs := x.Check(&expression.Env{Names: types})
//	v, err := x.Eval(&expression.Scope{Names: values})
//
// # What is GitHub's
//
// Grammar, values, coercions, functions, texts and positions of errors, and the
// limits of 21,000 characters and depth 50 are those of github.com/actions/languageservices,
// folder expressions, which GitHub uses in its editor; where it leaves a choice, those of
// github.com/actions/runner, which runs workflows. All cases of the conformance
// data in testdata pass that the former passes itself.
//
// From the runner: case() evaluates only the branch it takes, and a position
// counts from the start of the expression and not of its line.
//
// # What is ours
//
//   - "+", "-", "*", "/" and "%" between numbers, and "-" before an operand, when
//     they have spaces around them or parentheses beside them. GitHub rejects all of these, so no
//     expression changes its meaning: auc-0.5 still begins with the name auc-0,
//     and the error says to put spaces around the minus. They bind tighter than
//     comparisons. Nothing but a number can be added; there is no concatenation.
//   - abs, min, max and round.
//   - Names of one object that differ in case alone: the first counts. Names keep
//     their order in toJSON also where they look like numbers.
//   - Limits of the work and text of one evaluation, see [Expr.Eval], and of its
//     estimated cost, see [Expr.Check].
//   - success(), hashFiles() and their like are not built in: the caller gives them.
//
// # Why lower onto expr
//
// An expression is parsed here and lowered to the syntax tree of
// github.com/expr-lang/expr, whose checker, compiler and machine are public. The
// machine is small, tested, free of loops unless asked for them, and reports the
// node that failed. expr's own grammar does not fit: it reads steps.my-step as a subtraction,
// does not know 'it”s' or .*, and fails where GitHub has null. So operators
// whose meaning GitHub defines become calls of functions of this package,
// and what only numbers or booleans can reach becomes expr's own operator. Compiling takes
// 30 µs, which is why it waits for the first evaluation; an evaluation takes 0.5
// to 3 µs. A trace is the same tree with a call around each part that notes its
// value: there is one evaluator, not two.
//
// expr's checker sees that tree alone. Types of names, suggestions and costs
// are checked on our own tree, in 0.3 µs for a gate, because its errors must speak of what
// was written, and all of them at once.
package expression
