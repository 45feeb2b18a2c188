package executortest

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
)

// commandCases are about what steps tell the agent.
func commandCases() []testCase {
	return []testCase{
		{"command files", "", commandFiles},
		{"bad command file", "", badCommandFile},
		{"command files can be replaced", "", func(s *suite) {
			tr := s.steps("rm $MLOPS_OUTPUT; ln -s /etc/passwd $MLOPS_OUTPUT", "echo never")
			s.contains("error", tr.fail(agent.ReasonConfig).Error, "not a regular file")
			tr = s.steps("rm $MLOPS_ENV; mkfifo $MLOPS_ENV; rm $MLOPS_ENV $MLOPS_OUTPUT", "echo A=1 >>$MLOPS_ENV; echo x=1 >>$MLOPS_OUTPUT", "echo $A")
			r := tr.succeed()
			equal(s, "log", tr.log, "1\n")
			equal(s, "output x", r.Outputs["x"], "1")
		}},
		{"workflow commands", "", workflowCommands},
		{"many steps share files", "", manyStepsShareFiles},
	}
}

func commandFiles(s *suite) {
	tr := s.trial(
		agent.Step{ID: "first", Name: "write", Shell: "sh", Run: `
			echo "plain=a=b" >>$MLOPS_OUTPUT
			printf 'text<<END\none\n\ntwo =\nEND\n' >>$GITHUB_OUTPUT
			echo "NAME=välue" >>$MLOPS_ENV
			printf 'MORE<<X\r\nl1\nl2\nX\n' >>$GITHUB_ENV
			mkdir -p bin1 bin2
			printf '#!/bin/sh\necho tool one\n' >bin1/tool; printf '#!/bin/sh\necho tool two\n' >bin2/tool; chmod +x bin1/tool bin2/tool
			echo "$PWD/bin1" >>$MLOPS_PATH; echo "$PWD/bin2" >>$GITHUB_PATH
			echo '# Title' >>$MLOPS_SUMMARY
			echo 'auc 0.9' >>$MLOPS_METRICS
			echo "now: $NAME"`},
		agent.Step{ID: "second", Name: "read", Shell: "sh", Env: []agent.Var{{Name: "T", Value: "${{ steps.first.outputs.text }}"}}, Run: `
			echo "$NAME|$MORE|$T"
			tool
			cat $MLOPS_OUTPUT $MLOPS_ENV $MLOPS_PATH $MLOPS_SUMMARY $MLOPS_METRICS
			echo 'more' >>$MLOPS_SUMMARY
			printf 'loss 0.1' >>$MLOPS_METRICS
			echo second=2 >>$MLOPS_OUTPUT`},
		agent.Step{Name: "expr", Shell: "sh", Run: `echo "$MLOPS_EXPR_1 $MLOPS_EXPR_2"`, Exprs: []agent.Var{
			{Name: "MLOPS_EXPR_1", Value: "steps.first.outputs.plain"}, {Name: "MLOPS_EXPR_2", Value: "format('{0} {1}', env.NAME, params.lr)"}}},
	)
	tr.Spec.Contexts = map[string]any{"params": map[string]any{"lr": 0.1}}
	r := tr.succeed()
	equal(s, "log", tr.log, "now: \nvälue|l1\nl2|one\n\ntwo =\ntool two\na=b välue 0.1\n")
	equal(s, "plain", r.Outputs["plain"], "a=b")
	equal(s, "text", r.Outputs["text"], "one\n\ntwo =")
	equal(s, "second", r.Outputs["second"], "2")
	equal(s, "outputs of step 2", len(r.Steps[1].Outputs), 1)
	equal(s, "summary", r.Summary, "# Title\nmore\n")
	equal(s, "metrics", r.MetricText, "auc 0.9\nloss 0.1")
}

func badCommandFile(s *suite) {
	tr := s.steps("echo fine=1 >>$MLOPS_OUTPUT; echo no equals sign >>$MLOPS_OUTPUT", "echo never")
	r := tr.fail(agent.ReasonConfig)
	s.contains("error", r.Error, "MLOPS_OUTPUT: line 2")
	equal(s, "log", tr.log, "")
	for _, name := range []string{"GITHUB_SHA", "MLOPS_JOB", "runner_os", "NODE_OPTIONS"} {
		r := s.steps("echo " + name + "=x >>$MLOPS_ENV").fail(agent.ReasonConfig)
		s.contains("error", r.Error, "MLOPS_ENV: line 1: "+name)
	}
}

func workflowCommands(s *suite) {
	tr := s.steps(`echo '::notice::plain'
		echo '::warning file=a%2Cb.py,line=7,title=T::50%25 of it%0Asecond'
		echo ' ::error::not at the start'
		echo '::stop-commands::pause'
		echo '::error::quiet'
		echo '::pause::'
		echo '::error::loud'
		echo '::add-mask::s3cr3t'
		echo s3cr3t
		echo '::set-output name=x::1'`)
	tr.succeed()
	equal(s, "notices", tr.notices(), "notice plain; warning T: 50% of it\nsecond; error loud; warning ::set-output:: is ignored: write to the file that MLOPS_OUTPUT names")
	var places []string
	for _, e := range tr.events {
		if e.File != "" {
			places = append(places, e.File)
			equal(s, "line", e.Line, 7)
		}
	}
	s.contains("log", tr.log, "::add-mask::***\n***\n")
	equal(s, "files", strings.Join(places, ";"), "a,b.py")
}

func manyStepsShareFiles(s *suite) {
	scripts := []string{"echo 0 >n"}
	for range 50 {
		scripts = append(scripts, "n=$(cat n); echo $((n+1)) >n")
	}
	tr := s.steps(scripts...)
	tr.Spec.Outputs = []string{"n"}
	r := tr.succeed()
	equal(s, "file", tr.read("n"), "50\n")
	equal(s, "steps", len(r.Steps), 51)
}
