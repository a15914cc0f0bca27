/* Calls: a treap whose every step is a small function of its own. */
#include "kernel.h"

enum { COUNT = 4096 };
typedef struct Node {
    struct Node *left, *right;
    u32 key, priority;
} Node;
static Node nodes[COUNT];

static NOINLINE i32 goes_left(const Node *node, u32 key) {
    return key < node->key;
}
static NOINLINE Node **side(Node *node, i32 left) {
    return left ? &node->left : &node->right;
}
static NOINLINE i32 is_above(const Node *a, const Node *b) {
    return a->priority > b->priority;
}
static NOINLINE Node *rotate_right(Node *node) {
    Node *left = node->left;
    node->left = left->right;
    left->right = node;
    return left;
}
static NOINLINE Node *rotate_left(Node *node) {
    Node *right = node->right;
    node->right = right->left;
    right->left = node;
    return right;
}
static NOINLINE Node *insert(Node *root, Node *node) {
    if (!root)
        return node;
    i32 left = goes_left(root, node->key);
    Node **child = side(root, left);
    *child = insert(*child, node);
    return is_above(*child, root) ? left ? rotate_right(root) : rotate_left(root) : root;
}
static NOINLINE const Node *find(const Node *root, u32 key) {
    while (root && root->key != key)
        root = *side((Node *)root, goes_left(root, key));
    return root;
}
static NOINLINE u32 weight(const Node *root) {
    return root ? mix(weight(root->left) + weight(root->right), root->key) : 1;
}

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 3;
    for (u32 i = 0; i < repetitions; i++) {
        Node *root = 0;
        for (u32 j = 0; j < COUNT; j++) {
            nodes[j] = (Node){.key = next(&seed) >> 8, .priority = next(&seed)};
            root = insert(root, &nodes[j]);
        }
        for (u32 j = 0; j < COUNT; j += 2)
            sum += find(root, nodes[j].key)->priority;
        sum = mix(sum, weight(root));
    }
    return sum;
}
