# Prints what threads cost: see threads.c.
"./threads-$MACHINE" "$PART"
