# Prints how many milliseconds node takes for what is about a second natively.
node node.js "$PART"
