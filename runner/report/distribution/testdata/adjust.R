# Writes adjust.json: p values as R corrects them.  Rscript adjust.R > adjust.json
lists <- list(c(0.01, 0.04, 0.03, 0.005), c(0.2), c(0, 1, 0.5, 0.5, 0.5), c(0.9, 0.8, 0.7),
  c(1e-12, 3e-4, 3e-4, 0.0021, 0.0088, 0.011, 0.024, 0.049, 0.051, 0.06, 0.2, 0.34, 0.6, 0.99))
show <- function(xs) paste0("[", paste(sprintf("%.17g", xs), collapse = ", "), "]")
rows <- sapply(lists, function(p) sprintf('  {"p": %s,\n   "holm": %s,\n   "bh": %s}', show(p), show(p.adjust(p, "holm")), show(p.adjust(p, "BH"))))
cat("[\n", paste(rows, collapse = ",\n"), "\n]\n", sep = "")
