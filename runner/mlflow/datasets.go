package mlflow

// datasets are what searches ask of a run's inputs: the name, digest or context of each
// of its data sets. Inputs are kept as they were sent, so nothing of them is sure.
func (r *Run) datasets(what string) any {
	out := []string{}
	for _, in := range r.Inputs {
		input, _ := in.(map[string]any)
		set, _ := input["dataset"].(map[string]any)
		switch what {
		case "name", "digest":
			if text, ok := set[what].(string); ok {
				out = append(out, text)
			}
		case "context":
			out = append(out, contexts(input["tags"])...)
		default:
			return unknown
		}
	}
	return out
}

// contexts are the values of the tags that say what a data set was for.
func contexts(tags any) (out []string) {
	list, _ := tags.([]any)
	for _, one := range list {
		tag, _ := one.(map[string]any)
		if text, ok := tag["value"].(string); ok && tag["key"] == "mlflow.data.context" {
			out = append(out, text)
		}
	}
	return out
}
