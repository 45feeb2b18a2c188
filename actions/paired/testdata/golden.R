# Writes golden_r.json: DeLong's test and McNemar's as R has them.  Rscript golden.R > golden_r.json
suppressMessages(library(pROC))
set.seed(5)
numbers <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ", "), "]")
area <- function(n, share, digits) {
  y <- rbinom(n, 1, share)
  y[1:4] <- c(0, 1, 0, 1)
  z <- y + rnorm(n)
  a <- round(z + rnorm(n, 0, 0.5), digits)
  b <- round(z + rnorm(n, 0, 0.7), digits)
  ra <- roc(y, a, levels = c(0, 1), direction = "<")
  rb <- roc(y, b, levels = c(0, 1), direction = "<")
  t <- roc.test(ra, rb, method = "delong", paired = TRUE)
  ci <- ci.auc(ra, method = "delong")
  sprintf('{"label": %s, "a": %s, "b": %s, "aucA": %.17g, "aucB": %.17g, "varA": %.17g, "varB": %.17g, "low": %.17g, "high": %.17g, "z": %.17g, "p": %.17g}',
    numbers(y), numbers(a), numbers(b), auc(ra), auc(rb), var(ra), var(rb), ci[1], ci[3], t$statistic, t$p.value)
}
mcnemar <- function(a, b) {
  sprintf('{"a": %d, "b": %d, "exact": %.17g, "mid": %.17g}', a, b, binom.test(a, a + b)$p.value,
    min(1, if (a == b) 1 - dbinom(a, a + b, 0.5) / 2 else 2 * pbinom(min(a, b), a + b, 0.5) - dbinom(a, a + b, 0.5)))
}
areas <- c(area(60, 0.5, 8), area(300, 0.1, 8), area(200, 0.4, 1), area(120, 0.3, 0))
tables <- c(mcnemar(0, 6), mcnemar(3, 9), mcnemar(5, 5), mcnemar(40, 61), mcnemar(4000, 4211), mcnemar(1, 0))
cat('{"areas": [\n', paste(areas, collapse = ",\n"), '\n],\n"mcnemar": [\n', paste(tables, collapse = ",\n"), "\n]}\n", sep = "")
