package view

import (
	"os"

	"golang.org/x/term"
)

// Detect says which kind of view suits f, the stream that progress goes to,
// and whether it may be coloured. getenv looks up the environment.
//
//   - GITHUB_ACTIONS=true means [GitHub], a terminal [TTY], anything else [Plain].
//   - TERM=dumb is never a TTY and has no colours.
//   - NO_COLOR, if not empty, switches colours off; otherwise CLICOLOR_FORCE, if
//     neither empty nor 0, switches them on. Without either, terminals and the
//     logs of GitHub workflows are coloured.
func Detect(getenv func(string) string, f *os.File) (Kind, bool) {
	terminal := isTerminal(f)
	dumb := getenv("TERM") == "dumb"
	kind := Plain
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		kind = GitHub
	case terminal && !dumb:
		kind = TTY
	}
	return kind, colors(getenv, terminal && !dumb || kind == GitHub && !isRegular(f))
}

// colors applies what the user wishes to what the stream can do.
func colors(getenv func(string) string, able bool) bool {
	if getenv("NO_COLOR") != "" {
		return false
	}
	if v := getenv("CLICOLOR_FORCE"); v != "" && v != "0" {
		return true
	}
	return able
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }

func isRegular(f *os.File) bool {
	if f == nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// size returns functions that ask for the present width and height of f.
func size(f *os.File) (width, height func() int) {
	ask := func() (int, int) {
		w, h, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0, 0
		}
		return w, h
	}
	width = func() int { w, _ := ask(); return w }
	height = func() int { _, h := ask(); return h }
	return width, height
}
