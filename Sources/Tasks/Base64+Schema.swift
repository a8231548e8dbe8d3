internal import Bytes

extension Base64 {
    /// A regular expression (ECMA-262) for Base64 texts, with or without padding, that decode to a number of bytes in
    /// `count`.
    static func pattern(for count: ClosedRange<Int>) -> String {
        // Four characters stand for three bytes. One more byte needs two characters, two more bytes need three.
        let ends = ["", "[A-Za-z0-9+/]{2}(==)?", "[A-Za-z0-9+/]{3}=?"]
        let forms = ends.enumerated().map { rest, end in
            let fours = ((count.lowerBound - rest + 2) / 3, (count.upperBound - rest) / 3)
            return "([A-Za-z0-9+/]{4}){\(fours.0),\(fours.1)}\(end)"
        }
        return "^(\(forms.joined(separator: "|")))$"
    }
}
