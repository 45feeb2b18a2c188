package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/spec/expression"
)

// maxInlineInputs is how many bytes of inputs go through a variable.
const maxInlineInputs = 64 << 10

// An execution is one step that runs, or is skipped.
type execution struct {
	job   *job
	i     int
	step  *Step
	files *commandFiles // nil: a background step that has none yet
	vars  []Var         // the step's own variables, evaluated
	// inputs is the file with the inputs of an action, which may be secret.
	inputs string
	// folders are a home and the like, where neither the job nor the step names one.
	folders []Var
	res     StepResult
	asked   status // of the job when the condition was evaluated

	refused int64 // processes that the limit did not let start; 0 if that is not known
}

func (j *job) newExecution(i int) *execution {
	s := &j.spec.Steps[i]
	x := &execution{job: j, i: i, step: s, res: StepResult{ID: s.ID, Name: s.Name}}
	if !s.Background {
		x.files = j.files
	}
	return x
}

// scope is what the step's expressions read.
func (x *execution) scope() *expression.Scope { return x.job.scope(x.vars) }

// wanted evaluates the step's variables and its condition, which may read them.
// If it returns false the step is over: skipped, or failed by an expression.
func (x *execution) wanted() bool {
	x.res.Started = time.Now().UTC()
	st := x.job.status()
	x.asked = st
	if x.step.If == "" && !st.success() {
		x.skip()
		return false
	}
	vars, varsErr := variables(x.step.Env, x.scope)
	x.vars = vars
	ok, err := condition(x.step.If, st, x.scope)
	if err == nil && !ok {
		x.skip()
		return false
	}
	if err = errors.Join(err, varsErr); err != nil {
		x.started()
		x.fail(ReasonConfig, 1, err)
		x.end()
		return false
	}
	return true
}

// overtaken reports whether the job failed or was cancelled since the step was
// wanted, so that it is not any more.
func (x *execution) overtaken() bool {
	st := x.job.status()
	if st == x.asked {
		return false
	}
	ok, err := condition(x.step.If, st, x.scope)
	return err == nil && !ok
}

func (x *execution) skip() {
	x.res.Outcome, x.res.Conclusion = Skipped, Skipped
	x.res.LogFrom = x.job.log.length()
	x.res.LogTo = x.res.LogFrom
	x.job.took(x.i, x.res)
}

func (x *execution) started() {
	x.res.LogFrom = x.job.log.length()
	x.job.events.emit(Event{Kind: StepStarted, Step: x.i, Offset: x.res.LogFrom, Text: x.step.Name})
}

// run executes the step until it ends or ctx stops it.
func (x *execution) run(ctx context.Context) {
	x.started()
	begin := time.Now()
	if err := x.execute(ctx); err != nil {
		exit := 1
		if start := (*startError)(nil); errors.As(err, &start) {
			exit = 127
		}
		x.fail(ReasonConfig, exit, err)
	}
	x.res.Wall = time.Since(begin)
	x.commandFiles()
	if x.inputs != "" {
		_ = os.Remove(x.inputs)
	}
	x.end()
}

// fail notes why the step did not succeed, unless something else made it fail before.
func (x *execution) fail(r Reason, exit int, err error) {
	if x.res.Outcome == Failure || x.res.Outcome == Canceled {
		x.notice("error", err.Error())
		return
	}
	x.res.Outcome, x.res.Reason, x.res.Error = Failure, r, err.Error()
	if x.res.Exit == 0 && x.res.Signal == "" {
		x.res.Exit = exit
	}
}

func (x *execution) notice(level, text string) {
	x.job.events.emit(Event{Kind: Notice, Step: x.i, Level: level, Text: text})
}

// execute starts the step's command and judges its end. An error is one of the
// step's definition or of the place.
func (x *execution) execute(ctx context.Context) error {
	if x.step.Timeout > 0 {
		timed, stop := context.WithTimeoutCause(ctx, x.step.Timeout, errStepTimeout)
		defer stop()
		ctx = timed
	}
	j := x.job
	folders, drop, err := j.ownFolders(x.i)
	if err != nil {
		return err
	}
	defer drop()
	x.folders = folders
	c, err := x.command()
	if err != nil {
		return err
	}
	before, own, orphans := j.place.usage.read(), x.ownTime(), j.place.reaper.used()
	e, err := j.place.children.run(ctx, j.hard, c, j.null, j.spec.Grace, x.pump)
	if start := (*startError)(nil); errors.As(err, &start) {
		return err
	}
	after := j.place.usage.read()
	x.res.CPU = cpuTime(&e.usage) + j.place.reaper.used() - orphans
	if after.cpu > 0 && j.alone {
		x.res.CPU = max(x.res.CPU, after.cpu-before.cpu-(x.ownTime()-own))
	}
	x.memory(e.usage.Maxrss<<10, before, after)
	x.refused = max(0, after.refused-before.refused)
	x.res.LogTo = j.log.length()
	x.judge(e)
	if err != nil {
		return fmt.Errorf("read output: %w", err)
	}
	return nil
}

// ownTime is what the agent itself has used, if that shows in the readings.
func (x *execution) ownTime() time.Duration {
	if x.job.place.usage == nil {
		return 0
	}
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return cpuTime(&ru)
}

// memory takes the step's peak from the growth of the group's high-water mark,
// or from the kernel's figure for its largest process if that says anything.
func (x *execution) memory(maxrss int64, before, after reading) {
	x.res.OOMKills = max(0, after.kills-before.kills)
	var self syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &self)
	if maxrss > self.Maxrss<<10 {
		x.res.PeakMemory = maxrss
	}
	if after.peak > before.peak {
		x.res.PeakMemory = max(x.res.PeakMemory, after.peak)
	}
}

// pump reads the step's output.
func (x *execution) pump(r *os.File) error {
	w := &workflow{step: x.i, emit: x.job.events.emit, mask: func(v string) { x.shield("::add-mask::", v) }}
	c := &capture{out: newVeil(x.job.log, x.i, x.job.masks), command: w.line, whole: !x.job.alone}
	if x.files != nil {
		masks := maskFile{path: x.files.paths[maskFileKind]}
		c.learn = func() { masks.learn(x.job.learn) }
	}
	buf := x.job.buf
	if x.step.Background {
		buf = make([]byte, smallRead)
	}
	err := c.pump(r, buf)
	x.job.log.settle(x.i)
	return err
}

// judge turns the way the process ended into an outcome.
func (x *execution) judge(e ending) {
	if e.held {
		x.notice("warning", fmt.Sprintf("a process that the step left behind still held its output after %v and was killed", holdTime))
	}
	x.res.Exit = e.status.ExitStatus()
	if e.status.Signaled() {
		x.res.Exit, x.res.Signal = 128+int(e.status.Signal()), unix.SignalName(e.status.Signal())
	}
	switch space := spaceCause(x.job.ctx); {
	case e.cause != nil && space != nil:
		x.set(Failure, ReasonDiskFull, space.Error())
	case e.cause != nil:
		x.stopped(e.cause)
	case x.res.Exit == 0:
		x.set(Success, ReasonNone, "")
		if x.res.OOMKills > 0 {
			x.notice("warning", fmt.Sprintf("the kernel killed %d of the step's processes for lack of memory; the step went on and succeeded", x.res.OOMKills))
		}
	default:
		x.failed(e)
	}
}

func (x *execution) set(outcome Status, r Reason, msg string) {
	x.res.Outcome, x.res.Reason, x.res.Error = outcome, r, msg
}

// failed says why a command that ended by itself was no success.
func (x *execution) failed(e ending) {
	switch {
	case x.res.OOMKills > 0:
		x.set(Failure, ReasonOOM, fmt.Sprintf("out of memory: the kernel killed %d of the step's processes", x.res.OOMKills))
	case diskFull(x.job.spec, x.res.LogFrom, x.res.LogTo):
		x.set(Failure, ReasonDiskFull, fmt.Sprintf("no space left on the disk (exit status %d)", x.res.Exit))
	case x.refused > 0:
		x.set(Failure, ReasonExit, fmt.Sprintf("exit status %d; %s", x.res.Exit, x.job.refusal(x.refused)))
	case e.status.Signaled():
		x.set(Failure, ReasonSignal, "killed by "+x.res.Signal)
	default:
		x.set(Failure, ReasonExit, fmt.Sprintf("exit status %d", x.res.Exit))
	}
}

// commandFiles obeys what the step wrote into its files, also when it failed.
func (x *execution) commandFiles() {
	if x.files == nil {
		return
	}
	c, err := x.files.collect()
	for _, v := range c.masks {
		x.shield("MLOPS_MASK", v)
	}
	if len(c.outputs) > 0 {
		x.res.Outputs = make(map[string]string, len(c.outputs))
		for _, v := range c.outputs {
			x.res.Outputs[v.Name] = v.Value
		}
	}
	x.job.apply(c)
	if err != nil {
		x.fail(ReasonConfig, 1, err)
	}
}

// end concludes the step.
func (x *execution) end() {
	x.res.LogTo = x.job.log.length()
	x.res.Conclusion = x.res.Outcome
	if x.res.Outcome == Failure && x.continues() {
		x.res.Conclusion = Success
	}
	x.job.took(x.i, x.res)
}

// continues evaluates continue-on-error.
func (x *execution) continues() bool {
	switch x.step.ContinueOnError {
	case "", "false":
		return false
	case "true":
		return true
	}
	v, err := evalExpr(x.step.ContinueOnError, x.scope())
	if err != nil {
		x.notice("error", fmt.Sprintf("continue-on-error: %v", err))
		return false
	}
	return expression.Truthy(v)
}

// command puts together what the step executes.
func (x *execution) command() (command, error) {
	j := x.job
	dir, err := text(x.step.Dir, x.scope)
	if err != nil {
		return command{}, fmt.Errorf("working-directory: %w", err)
	}
	if dir, err = checkDir(j.spec.Workspace, dir); err != nil {
		return command{}, err
	}
	vars := x.vars
	if x.step.Background {
		own, err := makeCommandFiles(filepath.Join(j.spec.Control, "step-"+strconv.Itoa(x.i)))
		if err != nil {
			return command{}, err
		}
		x.files = own
		vars = append(vars[:len(vars):len(vars)], own.vars()...)
	}
	if x.step.Uses != "" {
		return x.action(vars, dir)
	}
	return x.script(vars, dir)
}

func (x *execution) environment(vars []Var) *environ {
	x.job.mu.Lock()
	defer x.job.mu.Unlock()
	env := x.job.env.with(vars)
	if len(x.folders) > 0 {
		env = env.clone()
		env.suggest(x.folders...)
	}
	return env
}

func (x *execution) script(vars []Var, dir string) (command, error) {
	refs, err := references(x.step.Exprs, x.scope)
	if err != nil {
		return command{}, err
	}
	env := x.environment(append(vars[:len(vars):len(vars)], refs...))
	file := filepath.Join(x.job.spec.Control, "script-"+strconv.Itoa(x.i))
	program, argv, err := shellFor(x.step.Shell).argv(x.step.Run, file, env.get("PATH"), dir)
	return command{program, argv, env.list, dir}, err
}

// action starts this very binary: it holds all built-in actions, and is in
// every container already.
func (x *execution) action(vars []Var, dir string) (command, error) {
	in, err := inputs(x.step.With, x.scope)
	if err != nil {
		return command{}, err
	}
	given := Var{InputsVariable, string(in)}
	if len(in) > maxInlineInputs {
		name := "inputs-" + strconv.Itoa(x.i) + ".json"
		if err := writeOwn(x.job.spec.Control, name, in, 0o600); err != nil {
			return command{}, fmt.Errorf("inputs: %w", err)
		}
		x.inputs = filepath.Join(x.job.spec.Control, name)
		given = Var{InputsFileVariable, x.inputs}
	}
	env := x.environment(append(vars[:len(vars):len(vars)], given, Var{TurnVariable, strconv.Itoa(x.turn())}))
	return command{"/proc/self/exe", []string{"mlops", "action", x.step.Uses}, env.list, dir}, nil
}

// TurnVariable tells an action how many steps of the job have used it so far, this
// one included.
const TurnVariable = "MLOPS_TURN"

func (x *execution) turn() int {
	n := 0
	for _, s := range x.job.spec.Steps[:x.i+1] {
		if s.Uses == x.step.Uses {
			n++
		}
	}
	return n
}

// Variables through which an action gets its inputs; [ActionInputs] reads them.
const (
	InputsVariable     = "MLOPS_WITH"      // JSON, up to 64 KiB
	InputsFileVariable = "MLOPS_WITH_FILE" // path of a file with longer JSON
)

// ActionInputs returns the inputs, as a JSON object, of the action that this
// process was started as. getenv is os.Getenv or the like.
func ActionInputs(getenv func(string) string) ([]byte, error) {
	if file := getenv(InputsFileVariable); file != "" {
		return os.ReadFile(file)
	}
	if in := getenv(InputsVariable); in != "" {
		return []byte(in), nil
	}
	return []byte("{}"), nil
}
