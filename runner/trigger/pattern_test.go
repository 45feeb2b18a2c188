package trigger

import "testing"

// The examples of GitHub's cheat sheet for filter patterns, and what they leave out.
func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"feature/*", []string{"feature/my-branch", "feature/"}, []string{"feature/a/b", "feature", "Feature/x"}},
		{"feature/**", []string{"feature/beta-a/my-branch", "feature/x"}, []string{"features/x"}},
		{"main", []string{"main"}, []string{"main2", "amain"}},
		{"*", []string{"main", "releases", ""}, []string{"all/the/branches"}},
		{"**", []string{"all/the/branches", "every/tag", ""}, nil},
		{"*feature", []string{"mona-feature", "feature"}, []string{"x/feature", "feature2"}},
		{"v2*", []string{"v2", "v2.0", "v2.9"}, []string{"v1", "v2/x"}},
		{"v[12].[0-9]+.[0-9]+", []string{"v1.10.1", "v2.0.0"}, []string{"v3.0.0", "v1.1", "v1x10x1", "v1..1"}},
		{"*.jsx?", []string{"page.js", "page.jsx"}, []string{"page.jsxx", "a/page.js", "page.j"}},
		{"**.js", []string{"index.js", "js/index.js", "src/js/app.js"}, []string{"a.jsx"}},
		{"docs/*", []string{"docs/README.md"}, []string{"docs/a/b.md"}},
		{"docs/**/*.md", []string{"docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"}, []string{"x/docs/a.md", "docs.md"}},
		{"**/docs/**", []string{"docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"}, []string{"mydocs/x", "docs"}},
		{"**/README.md", []string{"README.md", "js/README.md"}, []string{"XREADME.md"}},
		{"**/*src/**", []string{"a/src/app.js", "my-src/code/js/app.js"}, []string{"src2/x"}},
		{"**/*-post.md", []string{"my-post.md", "path/their-post.md"}, nil},
		{"docs**/x", []string{"docs/x", "docs2/a/x"}, []string{"docsx"}},
		{"ab+c", []string{"abc", "abbbc"}, []string{"ac", "ababc"}},
		{"é+", []string{"éé"}, []string{"e"}},
		{"a?+b", []string{"b", "ab", "aaab"}, []string{"c"}},
		{"*+x", []string{"x", "aax"}, []string{"a/x"}},
		{"?a", []string{"?a"}, []string{"a", "xa"}},
		{`v\*`, []string{"v*"}, []string{"v1"}},
		{`\!x`, []string{"!x"}, []string{"x"}},
		{"a.b", []string{"a.b"}, []string{"axb"}},
		{"[a-c_-]", []string{"a", "_", "-"}, []string{"d", "ab", ""}},
		{"line\nbreak", []string{"line\nbreak"}, nil},
		{"!docs/**", []string{"docs/a"}, []string{"!docs/a"}},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for _, s := range c.yes {
			if !p.Match(s) {
				t.Errorf("%s does not match %q", c.pattern, s)
			}
		}
		for _, s := range c.no {
			if p.Match(s) {
				t.Errorf("%s matches %q", c.pattern, s)
			}
		}
	}
}

func TestBadPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"":       `the pattern "" is empty`,
		"!":      `the pattern "!" is empty`,
		"a[b":    `the pattern "a[b" has a [ without ]; write \[ for the character itself`,
		"a[]":    `the pattern "a[]" has an empty []`,
		"[!a]":   `the pattern "[!a]" negates a class, [!a]; only a whole pattern can be negated, by a ! before it`,
		"[z-a]":  `the pattern "[z-a]" has a range that ends before it starts, z-a`,
		`main\`:  `the pattern "main\\" ends in a backslash; write \\ for one`,
		"a\xff+": "",
	} {
		if p, err := ParsePattern(pattern); err == nil || want != "" && err.Error() != want {
			t.Errorf("%q: %v, %v; want %s", pattern, p, err, want)
		}
	}
}

// FuzzPattern looks for patterns that panic, and for text without special
// characters that does not match itself.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"a**/b", "v[0-9]+?", `\[x`, "!**", "***", "[a-]", "a++++"} {
		f.Add(s, "a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p, err := ParsePattern(pattern)
		if err != nil {
			return
		}
		p.Match(name)
		if all, err := ParsePattern("**"); err != nil || !all.Match(name) {
			t.Errorf("** does not match %q (%v)", name, err)
		}
	})
}
