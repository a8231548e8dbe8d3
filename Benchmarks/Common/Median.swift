/// The middle of several runs: one that the machine disturbed does not show.
func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
