// Oddagent stands in for the agent in tests of what an executor does when the
// agent does not do its work: the first step's Run says how to misbehave.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

func main() {
	dir := os.Args[len(os.Args)-1]
	b, err := os.ReadFile(filepath.Join(dir, agent.SpecFile))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	var s agent.Spec
	if err := json.Unmarshal(b, &s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	word, rest, _ := strings.Cut(s.Steps[0].Run, " ")
	switch word {
	case "ok": // ends as it should
		send(agent.Event{Kind: agent.StepStarted})
		finish(dir, agent.Success)
	case "exit": // ends without a result
		n, _ := strconv.Atoi(rest)
		fmt.Fprintln(os.Stderr, "last words")
		os.Exit(n)
	case "eat": // is killed itself when memory runs out
		send(agent.Event{Kind: agent.StepStarted})
		for b := []byte(nil); ; {
			b = append(b, make([]byte, 1<<20)...)
			for i := range b {
				b[i] = 1
			}
		}
	case "wait": // ends when told to, or after a while
		send(agent.Event{Kind: agent.StepStarted})
		d, _ := time.ParseDuration(rest)
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		select {
		case <-c:
			finish(dir, agent.Canceled)
		case <-time.After(d):
			finish(dir, agent.Success)
		}
	case "deaf": // does not end when told to
		send(agent.Event{Kind: agent.StepStarted})
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	case "pipe": // leaves something else where its result should be
		syscall.Mkfifo(filepath.Join(dir, agent.ResultFile), 0o644)
	}
}

// journal keeps what was sent, as the real agent does.
func send(e agent.Event) {
	e.Time = time.Now()
	b, _ := json.Marshal(e)
	fmt.Println(string(b))
	f, err := os.OpenFile(filepath.Join(os.Args[len(os.Args)-1], agent.EventsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err == nil {
		f.Write(append(b, '\n'))
		f.Close()
	}
}

func finish(dir string, status agent.Status) {
	r := agent.Result{Version: agent.Version, Status: status, Failed: -1}
	b, _ := json.Marshal(r)
	tmp := filepath.Join(dir, "result.tmp")
	if err := os.WriteFile(tmp, b, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Rename(tmp, filepath.Join(dir, agent.ResultFile))
	send(agent.Event{Kind: agent.Ended, Result: &r})
}
