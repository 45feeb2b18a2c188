package profile

// maxAlike is how long texts are at most that are put in order of their length.
const maxAlike = 63

// byLength returns the places of texts, the shortest first, and how many there are of
// each length. It declines where that is of no use: all are of one length, or one
// is longer than maxAlike.
func (s *scratch) byLength(texts [][]byte) (places []int32, counts [maxAlike + 1]int32, ok bool) {
	differ, most := 0, 0
	for _, t := range texts {
		differ, most = differ|len(t)^len(texts[0]), max(most, len(t))
	}
	if differ == 0 || most > maxAlike {
		return nil, counts, false
	}
	s.places = sized(s.places, len(texts))
	places = s.places
	for _, t := range texts {
		counts[len(t)&maxAlike]++
	}
	var next [maxAlike + 1]int32
	for i := range maxAlike {
		next[i+1] = next[i] + counts[i]
	}
	for i, t := range texts {
		at := &next[len(t)&maxAlike]
		places[*at] = int32(i)
		*at++
	}
	return places, counts, true
}
