# Writes golden.csv: probabilities and quantiles as R has them.
#   Rscript golden.R > golden.csv
# Of 1e-300 R's quantiles have eight digits and less. Tails are asked for as such, so that small ones have all their digits.
say <- function(what, df, x, y) cat(sprintf("%s,%.17g,%.17g,%.17g\n", what, df, x, y))
cat(sprintf("# %s\nwhat,df,x,y\n", R.version.string))
xs <- c(-1e4, -100, -40, -12.5, -6, -3, -2.262157, -1, -0.5, -1e-3, -1e-9, 0)
ps <- c(1e-100, 1e-12, 1e-6, 0.0005, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.49999)
for (x in xs) say("pnorm", 0, x, pnorm(x))
for (p in ps) say("qnorm", 0, p, qnorm(p))
for (df in c(0.3, 1, 1.5, 2, 3, 4.7, 5, 9, 24, 30, 99.5, 1000, 1e5, 1e8)) {
  for (x in xs) say("pt", df, x, pt(x, df))
  for (p in ps) if (is.finite(qt(p, df))) say("qt", df, p, qt(p, df))
}
