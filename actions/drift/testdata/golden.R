# Writes golden_r.json: the tests as R has them.  Rscript golden.R > golden_r.json
set.seed(3)
chi <- function(a, b) {
  t <- suppressWarnings(chisq.test(rbind(a, b)))
  sprintf('{"a": [%s], "b": [%s], "statistic": %.17g, "p": %.17g}', paste(a, collapse = ", "), paste(b, collapse = ", "), t$statistic, t$p.value)
}
ks <- function(n, m, shift) {
  x <- rnorm(n); y <- rnorm(m, shift)
  exact <- suppressWarnings(ks.test(x, y, exact = TRUE))
  limit <- suppressWarnings(ks.test(x, y, exact = FALSE))
  sprintf('{"n": %d, "m": %d, "d": %.17g, "exact": %.17g, "limit": %.17g}', n, m, exact$statistic, exact$p.value, limit$p.value)
}
tables <- c(chi(c(12, 30, 8), c(15, 20, 20)), chi(c(100, 200), c(130, 190)), chi(c(5, 1, 1, 2, 9), c(1, 4, 3, 2, 5)), chi(c(5000, 300, 20), c(4900, 420, 31)))
tests <- c(ks(20, 20, 0.3), ks(35, 80, 0.5), ks(200, 150, 0.2), ks(300, 300, 0.1))
cat('{"tables": [\n', paste(tables, collapse = ",\n"), '\n],\n"ks": [\n', paste(tests, collapse = ",\n"), "\n]}\n", sep = "")
