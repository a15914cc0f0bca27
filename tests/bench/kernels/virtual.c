/* Indirect calls: objects of six classes, each visited through its table of functions. */
#include "kernel.h"

enum { COUNT = 1024, CLASSES = 6 };
typedef struct Object Object;
typedef struct {
    u32 (*area)(const Object *);
    void (*grow)(Object *, u32);
} Class;
struct Object {
    const Class *class;
    u32 width, height;
};
static Object objects[COUNT];

static u32 square(const Object *o) { return o->width * o->width; }
static u32 rectangle(const Object *o) { return o->width * o->height; }
static u32 triangle(const Object *o) { return o->width * o->height / 2; }
static u32 frame(const Object *o) { return 2 * (o->width + o->height); }
static u32 circle(const Object *o) { return o->width * o->width * 355 / 452; }
static u32 point(const Object *o) { return o->height & 1; }
static void wider(Object *o, u32 by) { o->width = (o->width + by) & 1023; }
static void higher(Object *o, u32 by) { o->height = (o->height + by) & 1023; }
static void both(Object *o, u32 by) { wider(o, by), higher(o, by); }

static const Class classes[CLASSES] = {
    {square, wider}, {rectangle, both}, {triangle, both}, {frame, higher}, {circle, wider}, {point, higher},
};

u32 kernel(u32 repetitions) {
    u32 sum = 0, seed = 11;
    for (u32 j = 0; j < COUNT; j++)
        objects[j] = (Object){&classes[next(&seed) % CLASSES], next(&seed) & 1023, next(&seed) & 1023};
    for (u32 i = 0; i < repetitions; i++)
        for (u32 j = 0; j < COUNT; j++) {
            Object *object = &objects[j];
            u32 area = object->class->area(object);
            object->class->grow(object, area & 15);
            sum = mix(sum, area);
        }
    return sum;
}
