// Work of several kinds: calls, typed arrays, strings and maps, floating point, sorting with a closure, JSON.
function fib(n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

function sieve(most) {
    const isComposite = new Uint8Array(most + 1);
    let count = 0;
    for (let i = 2; i <= most; i++) {
        if (isComposite[i]) continue;
        count++;
        for (let j = 2 * i; j <= most; j += i) isComposite[j] = 1;
    }
    return count;
}

function* numbers(count) {
    let state = 12345;
    for (let i = 0; i < count; i++) {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        yield state;
    }
}

function words(count) {
    const seen = new Map();
    for (const number of numbers(count)) {
        const word = 'word' + (number % 5000);
        seen.set(word, (seen.get(word) || 0) + 1);
    }
    return seen.size;
}

function orbit(steps) {
    let [x, y, vx, vy] = [0, 1, 0.5, 0];
    for (let i = 0; i < steps; i++) {
        const r = Math.sqrt(x * x + y * y);
        vx -= (x / (r * r * r)) * 0.01;
        vy -= (y / (r * r * r)) * 0.01;
        x += vx * 0.01;
        y += vy * 0.01;
    }
    return x.toFixed(6);
}

function sorted(count) {
    const all = Array.from(numbers(count), (key, value) => ({ key, value }));
    all.sort((one, other) => one.key - other.key);
    return all[count >> 1].value;
}

function json(count) {
    const all = Array.from({ length: count }, (_, number) => ({ number, text: String(number) }));
    return JSON.stringify(JSON.parse(JSON.stringify(all))).length;
}

const part = Number(process.argv[2]);
const begun = process.hrtime.bigint();
const results = [
    fib(32 - part), sieve(4000000 / part), words(1000000 / part), orbit(8000000 / part), sorted(300000 / part),
    json(80000 / part),
];
const took = Number((process.hrtime.bigint() - begun) / 1000n) / 1000;
console.log('= ' + results.join());
console.log('node ' + took);
