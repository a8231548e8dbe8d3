/// The median of several runs, so that a disturbed run has no influence; NaN without a value.
func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
