import ArgumentParser

/// For whom a command writes.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print one JSON document, for machines.")
    var isJSON = false
}
