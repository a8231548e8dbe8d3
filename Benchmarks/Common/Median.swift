/// The median of several runs, so that a disturbed run has no influence; NaN if there are no values.
func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
