package spec

import (
	"regexp"
	"sync"

	"gopkg.in/yaml.v3"
)

var serviceTable = object[Service]{
	name: "service", doc: "A container beside a job.",
	keys: []key[Service]{
		{keyDoc{name: "image", form: form{kind: kindText, scope: scopePlan}, required: true, doc: "Container image.", example: "postgres:17"},
			func(w *walker, s *Service, n *yaml.Node) { s.Image = w.image(n) }},
		{keyDoc{name: "env", form: form{kind: kindMap, elem: &form{kind: kindText, scope: scopeServiceEnv}, names: envNamePattern}, doc: "Environment variables; they may hold secrets.", example: "{POSTGRES_PASSWORD: \"${{ secrets.DB }}\"}"},
			func(w *walker, s *Service, n *yaml.Node) {
				s.Env = w.vars(n, place{kind: "env of service", name: s.Name.Value, job: w.jobID()})
			}},
		{keyDoc{name: "command", form: form{kind: kindTexts, scope: scopePlan}, doc: "What the image runs instead of its own command: a list of arguments, or a text for `sh -c`.", def: "the image's own", example: "[postgres, -c, fsync=off]"},
			(*walker).serviceCommand},
		{keyDoc{name: "ports", form: form{kind: kindList, elem: &form{kind: kindInt, min: 1, max: 65535}}, doc: "Ports on which it listens. Without `health`, and without a HEALTHCHECK of the image, the job waits until the first one accepts a connection.", example: "[5432]"},
			func(w *walker, s *Service, n *yaml.Node) {
				for _, c := range n.Content {
					v, _ := number(c)
					s.Ports = append(s.Ports, int(v))
				}
			}},
		{keyDoc{name: "health", form: form{kind: kindUnion, alts: []form{{kind: kindText, scope: scopePlan}, {kind: kindObject, object: &healthTable}}}, doc: "How to tell that it is ready for the job: a shell command that is run in it, or that and its times.", def: "the image's HEALTHCHECK, or the first of ports", example: "{run: pg_isready, retries: 30}"},
			(*walker).health},
		{keyDoc{name: "user", form: form{kind: kindText, pattern: userPattern}, doc: "User in the container: root, a name of the image, or UID:GID.", def: "the image's own", example: "postgres"},
			(*walker).serviceUser},
		{keyDoc{name: "resources", form: form{kind: kindObject, object: &resourcesTable}, doc: "What the container may use; added to what the job takes of the machine.", example: "{memory: 1GiB}"},
			func(w *walker, s *Service, n *yaml.Node) {
				walk(w, n, &resourcesTable, &s.Resources, place{kind: "resources of service", name: s.Name.Value, job: w.jobID(), node: n})
			}},
	},
	foreign: []foreignKey{
		{"options", `write "health:", "user:" and "resources:"`}, {"healthcheck", `write "health:"`}, {"cmd", `write "command:"`}, {"args", `write "command:"`},
		{"entrypoint", `write "command:"`}, {"environment", `write "env:"`}, {"volumes", "remove it; what a service writes is gone with it"},
		{"port", `write "ports:"`}, {"credentials", "remove it; images are pulled with the logins of docker"}, {"alias", "the key above the service is its host name"},
	},
}

var healthTable = object[Health]{
	name: "health", doc: "How a service tells that it is ready.",
	keys: []key[Health]{
		{keyDoc{name: "run", form: form{kind: kindText, scope: scopePlan}, doc: "Shell command that is run in the service; 0 means ready.", def: "the image's HEALTHCHECK, or the first of ports", example: "pg_isready"},
			func(w *walker, h *Health, n *yaml.Node) { h.Run = str(n) }},
		{keyDoc{name: "interval", form: form{kind: kindDuration}, doc: "Time between two tries.", def: "1s", example: "500ms"},
			func(w *walker, h *Health, n *yaml.Node) { h.Interval = w.duration(n) }},
		{keyDoc{name: "timeout", form: form{kind: kindDuration}, doc: "How long one try may take.", def: "5s", example: "2s"},
			func(w *walker, h *Health, n *yaml.Node) { h.Timeout = w.duration(n) }},
		{keyDoc{name: "retries", form: form{kind: kindInt, min: 1, max: 10000}, doc: "Tries that may fail before the job does.", def: "30", example: "60"},
			func(w *walker, h *Health, n *yaml.Node) { v, _ := number(n); h.Retries = int(v) }},
		{keyDoc{name: "start-period", form: form{kind: kindDuration}, doc: "Time at the start in which tries that fail do not count.", def: "0s", example: "20s"},
			func(w *walker, h *Health, n *yaml.Node) { h.StartPeriod = w.duration(n) }},
	},
	foreign: []foreignKey{
		{"test", `write "run:"`}, {"cmd", `write "run:"`}, {"command", `write "run:"`}, {"start_period", `write "start-period:"`},
		{"health-cmd", `write "run:"`}, {"health-interval", `write "interval:"`}, {"health-retries", `write "retries:"`}, {"health-timeout", `write "timeout:"`},
	},
}

const userPattern = `^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$`

var userForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(userPattern) })

func (w *walker) serviceUser(s *Service, n *yaml.Node) {
	s.User = n.Value
	if !userForm().MatchString(n.Value) {
		w.at(n, CodeBadValue, "write a name of the image, such as postgres, or UID:GID", "%s is no user", clip(n.Value))
	}
}

// serviceCommand reads a list of arguments, or a text for the shell.
func (w *walker) serviceCommand(s *Service, n *yaml.Node) {
	s.Command = strs(n)
	if n.Kind == yaml.ScalarNode {
		at := nodePos(n)
		s.Command = []Str{{"/bin/sh", at}, {"-c", at}, str(n)}
	}
}

// health reads a command, or a mapping with its times.
func (w *walker) health(s *Service, n *yaml.Node) {
	s.Health.Pos = nodePos(n)
	if n.Kind == yaml.ScalarNode {
		s.Health.Run = str(n)
		return
	}
	walk(w, n, &healthTable, &s.Health, place{kind: "health of service", name: s.Name.Value, job: w.jobID(), node: n})
}
