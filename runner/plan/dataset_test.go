package plan

import (
	"strings"
	"testing"
)

// A dataset from an address is seen in the workspace under its name.
func TestRemoteDataset(t *testing.T) {
	t.Parallel()
	pin := "sha256:" + strings.Repeat("0", 64)
	for address, want := range map[string]string{
		"https://h/a/rows.csv":              "data/set/rows.csv",
		"https://h/a/rows.csv?sig=secret":   "data/set/rows.csv",
		"https://h":                         "data/set/set",
		"https://h/..":                      "data/set/set",
		"s3://b/k/part one[1]?.parquet":     "data/set/part_one_1__.parquet",
		"s3://b/k/":                         "data/set/",
		"gs://b/":                           "data/set/",
		"${{ params.host }}/x/${{ 'f' }}.c": "data/set/f.c",
	} {
		p := planOf(t, "params: {host: 's3://b'}\ndata: {set: {path: \""+address+"\", digest: \""+pin+"\", keep: false}}\njobs:\n  a: {inputs: [data.set], run: \"cat ${{ data.set }}\"}\n")
		in := p.Node("a").Inputs
		if len(in) != 1 || in[0].Pattern != want || in[0].Source == "" || in[0].Digest != pin || p.Data[0].Keep {
			t.Errorf("%s: inputs %+v, data %+v; want it at %s", address, in, p.Data, want)
		}
	}
}

// What comes from an address is no job's output, wherever it is seen.
func TestRemoteDatasetWaitsForNobody(t *testing.T) {
	t.Parallel()
	p := planOf(t, "data: {set: {path: s3://b/k/, digest: sha256:"+strings.Repeat("0", 64)+"}}\njobs:\n  a: {inputs: [data.set, \"!data/set/x\"], run: x}\n  w: {inputs: [], outputs: [data/], run: x}\n")
	if in := p.Node("a").Inputs; len(in) != 2 || in[0].Source != "s3://b/k/" || in[0].Data != "set" {
		t.Errorf("inputs are %+v", in)
	}
	if len(p.Node("a").Needs) > 0 {
		t.Error("it waits for a job that writes the folder")
	}
}
