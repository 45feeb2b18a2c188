package profile

func (d *decoder) profile(p *Profile) {
	d.object(func(key string) bool {
		switch key {
		case "version":
			if p.Version = int(d.int()); d.err == nil && p.Version != Version {
				d.version(p.Version)
			}
		case "rows":
			p.Rows = d.int()
		case "files":
			d.list('[', ']', func() { p.Files = append(p.Files, d.file()) })
		case "columns":
			d.list('[', ']', func() {
				var c Column
				d.column(&c)
				p.Columns = append(p.Columns, c)
			})
		default:
			return false
		}
		return true
	})
}

func (d *decoder) file() (f File) {
	d.object(func(key string) bool {
		switch key {
		case "path":
			f.Path = d.string()
		case "bytes":
			f.Bytes = d.int()
		case "digest":
			d.unmarshal(&f.Digest)
		case "rows":
			f.Rows = d.int()
		default:
			return false
		}
		return true
	})
	return f
}

func (d *decoder) column(c *Column) {
	counts := map[string]*int64{
		"rows": &c.Rows, "nulls": &c.Nulls, "nans": &c.NaNs, "infinite": &c.Infinite,
		"other": &c.Other, "most": &c.Most, "numeric": &c.Numeric, "garbled": &c.Garbled,
	}
	d.object(func(key string) bool {
		if n := counts[key]; n != nil {
			*n = d.int()
			return true
		}
		switch key {
		case "name":
			c.Name = d.string()
		case "kind":
			d.unmarshal(&c.Kind)
		case "numbers":
			c.Numbers = d.numbers()
		case "lengths":
			c.Lengths = d.numbers()
		case "values":
			d.list('[', ']', func() { c.Values = append(c.Values, d.value()) })
		case "exact":
			c.Exact = d.bool()
		case "sketch":
			d.unmarshal(&c.Sketch)
		case "increases":
			c.Increases = d.bool()
		default:
			return false
		}
		return true
	})
}

func (d *decoder) value() (v Value) {
	d.object(func(key string) bool {
		switch key {
		case "text":
			v.Text = d.string()
		case "count":
			v.Count = d.int()
		case "over":
			v.Over = d.int()
		default:
			return false
		}
		return true
	})
	return v
}

func (d *decoder) numbers() *Numbers {
	n := &Numbers{}
	d.object(func(key string) bool {
		switch key {
		case "count":
			n.Count = d.int()
		case "min":
			n.Min = d.float()
		case "max":
			n.Max = d.float()
		case "mean":
			n.Mean = d.float()
		case "m2":
			n.M2 = d.float()
		case "histogram":
			n.Histogram = d.histogram()
		default:
			return false
		}
		return true
	})
	return n
}

func (d *decoder) histogram() Histogram {
	var p packer
	d.list('[', ']', func() { p.add(d.cell()) })
	return p.histogram()
}

// cell reads [low, high, count] or [value, count].
func (d *decoder) cell() (c Cell) {
	d.expect('[')
	c.Low = d.float()
	d.expect(',')
	c.High = c.Low
	second := d.number()
	if d.accept(',') {
		c.High = d.parseFloat(second)
		c.Count = d.int()
	} else {
		c.Count = d.parseInt(second)
	}
	d.expect(']')
	return c
}
