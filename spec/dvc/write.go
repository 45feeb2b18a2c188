package dvc

import (
	"bytes"

	"gopkg.in/yaml.v3"
)

const head = "# Made from dvc.yaml by \"mlops import dvc\"."

// write makes the text of the mlops.yaml.
func (p *project) write(o Options, jobs []*job) ([]byte, error) {
	p.note(nil, "name an image that has what they need by --image, or add a step such as pip install -r requirements.txt", "commands run in the image %s, no longer where DVC was called", o.Image)
	top := mapping("name", text(o.Name))
	top.HeadComment = head
	if p.live {
		add(top, "params", text(paramsFile))
	}
	add(top, "defaults", flow(mapping("image", text(o.Image))))
	if len(p.data) > 0 {
		data := &yaml.Node{Kind: yaml.MappingNode}
		for _, d := range p.data {
			add(data, d.name, flow(mapping("path", text(d.path))))
		}
		add(top, "data", data)
	}
	all := &yaml.Node{Kind: yaml.MappingNode}
	for _, j := range jobs {
		add(all, j.id, j.node())
	}
	add(top, "jobs", all)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(top); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

func (j *job) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if j.description != "" {
		add(n, "description", text(j.description))
	}
	add(n, "inputs", texts(j.inputs))
	if len(j.outputs) > 0 {
		add(n, "outputs", texts(j.outputs))
	}
	if len(j.metrics) > 0 {
		add(n, "metrics", texts(j.metrics))
	}
	if j.always {
		add(n, "cache", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	if len(j.axes) > 0 {
		matrix := &yaml.Node{Kind: yaml.MappingNode}
		for _, a := range j.axes {
			add(matrix, a.name, flow(&yaml.Node{Kind: yaml.SequenceNode, Content: plain(a.values)}))
		}
		add(n, "strategy", mapping("matrix", matrix))
	}
	if j.dir != "" {
		add(n, "working-directory", text(j.dir))
	}
	if len(j.commands) == 1 {
		add(n, "run", text(j.commands[0]))
		return n
	}
	steps := &yaml.Node{Kind: yaml.SequenceNode}
	for _, c := range j.commands {
		steps.Content = append(steps.Content, mapping("run", text(c)))
	}
	add(n, "steps", steps)
	return n
}

// plain are values without the comments that stood beside them.
func plain(values []*yaml.Node) []*yaml.Node {
	all := make([]*yaml.Node, len(values))
	for i, v := range values {
		all[i] = &yaml.Node{Kind: v.Kind, Tag: v.Tag, Value: v.Value, Style: v.Style}
	}
	return all
}

func add(m *yaml.Node, key string, value *yaml.Node) {
	m.Content = append(m.Content, text(key), value)
}

func mapping(key string, value *yaml.Node) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	add(m, key, value)
	return m
}

func flow(n *yaml.Node) *yaml.Node { n.Style = yaml.FlowStyle; return n }

// text is a string, quoted where YAML would read it as something else.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

func texts(list []string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode}
	for _, s := range list {
		n.Content = append(n.Content, text(s))
	}
	if len(list) < 4 {
		n.Style = yaml.FlowStyle
	}
	return n
}
