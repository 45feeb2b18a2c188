package metric

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"auc": "auc", "AUC": "auc", "ROC AUC": "auc", "roc-auc": "auc", "Log loss": "logloss", "log-loss": "logloss", "logloss": "logloss", "pr_auc": "pr_auc", "PR-AUC": "pr_auc",
		"f1": "f1", "f1 at 0.5": "f1_at_0_5", "F1 at best": "f1_at_best", "f1@0.25": "f1_at_0_25", "f1 at .5": "f1_at_0_5", "f1_at_0_5": "f1_at_0_5", "f1 at -1.5": "f1_at_minus_1_5", "f1 at 1e-3": "f1_at_0_001",
		"precision at 0.3": "precision_at_0_3", "f1 macro": "f1_macro", "macro F1": "f1_macro", "balanced accuracy": "balanced_accuracy", "accuracy at 0": "accuracy_at_0",
		"ndcg@10": "ndcg_at_10", "NDCG@10": "ndcg_at_10", "ndcg at 1_000": "ndcg_at_1000", "ndcg": "ndcg", "mrr": "mrr", "map@5": "map_at_5", "mean average precision": "map",
		"top3 accuracy": "top3_accuracy", "top-3 accuracy": "top3_accuracy", "top 3 accuracy": "top3_accuracy", "top3": "top3_accuracy", "top_k_accuracy 5": "top5_accuracy",
		"quantile loss 0.9": "quantile_loss_0_9", "pinball 0.1": "quantile_loss_0_1", "lift": "lift_at_10pct", "lift at 10%": "lift_at_10pct", "lift at 0.1": "lift_at_10pct", "lift at 0.5%": "lift_at_0_5pct", "lift at 7%": "lift_at_7pct",
		"ece": "ece", "ece 10": "ece_10", "ECE of 10 bins": "ece_10", "adaptive ece": "ece_adaptive", "R²": "r2", "r2": "r2", "RMSE": "rmse", "mean absolute error": "mae",
	} {
		m, err := Find(text)
		if err != nil || m.Name != want {
			t.Errorf("Find(%q) is %q, %v; want %q", text, m.Name, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "there is no metric", "acuracy": "there is no metric", "f1 at 2x": "2x is no threshold", "f1 at nan": "no metric", "auc at 0.5": "takes no 0.5", "precision at best": "no best threshold",
		"f1 at 0.5 0.7": "more than one argument", "ndcg@0": "is no count", "ndcg@2.5": "is no count", "lift at 0": "is no share", "lift at 120%": "is no share", "quantile loss": "write quantile loss 0.9",
		"quantile loss 1": "is no quantile", "f1 at 50%": "no threshold", "top accuracy": "write top3 accuracy", "f1 at best 3": "more than one", "f1 at 1e300": "no threshold",
	} {
		_, err := Find(text)
		if e := (*NameError)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("Find(%q) fails with %v; want %q", text, err, want)
		}
	}
}

// gateName is how gates can name metrics.
var gateName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

// Every metric is found by its name, by its displayed one and by its aliases, and is told
// in full.
func TestAll(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range All() {
		expectFound(t, m)
		if m.Doc == "" || m.Formula == "" || m.Source == "" || m.Edge == "" || len(m.Tasks) == 0 || !(m.Low < m.High) || m.Needs == 0 {
			t.Errorf("%s is not described: %+v", m.Name, m)
		}
		if !m.whole() {
			t.Errorf("%s lacks the functions of its kind", m.Name)
		}
		if seen[m.Name] {
			t.Errorf("%s is there twice", m.Name)
		}
		seen[m.Name] = true
	}
	names := map[string]string{}
	for _, f := range families() {
		for _, n := range append([]string{f.Name}, f.aliases...) {
			if names[n] != "" {
				t.Errorf("%s is both %s and %s", n, names[n], f.Name)
			}
			names[n] = f.Name
		}
	}
}

func (m Metric) whole() bool {
	switch m.Kind {
	case Mean:
		return m.PerRow != nil
	case Smooth:
		return m.Parts != nil && m.OfMeans != nil && m.Gradient != nil
	case Cells:
		return m.Predict != nil && m.OfCells != nil
	case Area:
		return m.Factor != 0 && m.OfBins != nil && m.Bin != nil
	case GroupMean:
		return m.PerGroup != nil
	case Binned:
		return m.OfBins != nil && m.Bin != nil
	}
	return m.Kind == Whole && m.value != nil
}

func expectFound(t *testing.T, m Metric) {
	t.Helper()
	if !gateName.MatchString(m.Name) {
		t.Errorf("gates cannot name %q", m.Name)
	}
	for _, text := range []string{m.Name, m.Display, strings.ToUpper(m.Name)} {
		again, err := Find(text)
		if err != nil || again.Name != m.Name || again.Display != m.Display || again.Arg != m.Arg {
			t.Errorf("Find(%q) is %q %+v, %v; want %q %+v", text, again.Name, again.Arg, err, m.Name, m.Arg)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, m := range All() {
		f.Add(m.Name)
		f.Add(m.Display)
	}
	for _, text := range []string{"f1 at best", "f1 at -0.5", "lift at 33.3%", "ndcg@1_000", "ece_adaptive_7", "f1 minus 3", "top-5", "f1@0x1p-2", "lift at 1e-9%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Find(text)
		if err != nil {
			if e := (*NameError)(nil); !errors.As(err, &e) || err.Error() == "" {
				t.Errorf("Find(%q) fails with %v", text, err)
			}
			return
		}
		expectFound(t, m)
	})
}
