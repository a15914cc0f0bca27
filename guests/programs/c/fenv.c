// Rounding modes and exception flags.
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
static volatile double one = 1, three = 3, tiny = DBL_MIN, huge = DBL_MAX, zero = 0, minus = -1, half = 2.5;
static volatile float one_f = 1, three_f = 3;

static void flags(const char *what) {
    int raised = fetestexcept(FE_ALL_EXCEPT);
    printf("%-12s%s%s%s%s%s\n", what, raised & FE_INVALID ? " invalid" : "", raised & FE_DIVBYZERO ? " divbyzero" : "",
           raised & FE_OVERFLOW ? " overflow" : "", raised & FE_UNDERFLOW ? " underflow" : "",
           raised & FE_INEXACT ? " inexact" : "");
    feclearexcept(FE_ALL_EXCEPT);
}

int main(void) {
    volatile double result;
    volatile float single;
    for (int i = 0; i < 4; i++) {
        if (fesetround(modes[i])) printf("cannot set mode %d\n", i);
        result = one / three, single = one_f / three_f;
        printf("%d: %a %a %a %ld %ld %a", i, result, minus / three, (double)single, lrint(half), lrint(-half), rint(minus * half));
        volatile double scaled = huge * three, small = tiny / three;
        printf(" %a %a %a %a\n", scaled, small, nearbyint(half + one), sqrt(three));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    result = one / three, flags("1/3");
    result = one / zero, flags("1/0");
    result = zero / zero, flags("0/0");
    result = huge * three, flags("huge*3");
    result = tiny / three, flags("tiny/3");
    result = one + one, flags("1+1");
    result = sqrt(minus), flags("sqrt(-1)");
    volatile int whole = (int)half;
    flags("(int)2.5");
    feraiseexcept(FE_OVERFLOW);
    fexcept_t saved;
    fegetexceptflag(&saved, FE_ALL_EXCEPT);
    flags("raised");
    fesetexceptflag(&saved, FE_ALL_EXCEPT);
    flags("restored");
    fenv_t environment;
    feholdexcept(&environment);
    fesetround(FE_UPWARD);
    result = one / zero;
    feupdateenv(&environment);
    flags("held");
    printf("%d %d\n", fegetround() == FE_TONEAREST, whole);
    (void)result;
    return 0;
}
