# Writes intervals.json: t intervals and p values as R has them.  Rscript intervals.R > intervals.json
sides <- list(
  list(c(0.9262, 0.9301, 0.9283), c(0.9140, 0.9184, 0.9155)),
  list(c(0.1, 0.4), c(0.35, 0.2)),
  list(c(10, 12, 9, 11, 14), c(8, 9, 8.5, 30, 7)),
  list(c(-3e-7, 2e-7, 1e-7), c(1e-7, -1e-7, 4e-7)),
  list(c(101, 99, 100.5, 98), c(120, 130)),
  list(c(5, 5, 5.0001), c(4, 4, 4)))
show <- function(xs) paste0("[", paste(sprintf("%.17g", xs), collapse = ", "), "]")
row <- function(s, paired, level) {
  t <- t.test(s[[1]], s[[2]], paired = paired, conf.level = level)
  sprintf('{"head": %s, "base": %s, "paired": %s, "level": %g, "low": %.17g, "high": %.17g, "p": %.17g}',
    show(s[[1]]), show(s[[2]]), tolower(paired), level, t$conf.int[1], t$conf.int[2], t$p.value)
}
rows <- c()
for (s in sides) for (level in c(0.95, 0.99)) {
  rows <- c(rows, row(s, FALSE, level))
  if (length(s[[1]]) == length(s[[2]])) rows <- c(rows, row(s, TRUE, level))
}
cat("[\n", paste(rows, collapse = ",\n"), "\n]\n", sep = "")
