# One of many programs: loops that are busy for long enough to be translated and kept. The number in its first instruction
# tells it from the others: `store.rs` puts another one there. The exit status depends on it, and is below 64.
    .set noreorder
    .globl __start
__start:
    lui $t0, 0x5eed
    .rept 4
    li $t1, 20000
0:  addu $t2, $t2, $t0
    sltu $t3, $t2, $t0
    addiu $t1, $t1, -1
    bnez $t1, 0b
    addu $t0, $t0, $t3
    .endr
    li $v0, 4001                # exit
    andi $a0, $t0, 63
    syscall
