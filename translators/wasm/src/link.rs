//! Links modules into one: what one imports and another exports becomes one and the same, and nothing is called that an
//! instruction can do.
//!
//! Names, branch hints and other custom sections are left out.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportSection, FunctionSection,
    GlobalSection, ImportSection, Instruction, MemArg, MemorySection, Module, TableSection, TypeSection,
};
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef};

/// What an import becomes.
pub enum Resolved {
    /// What the object of this number exports under that name; of a memory, from an address on.
    Export(usize, String, u32),
    /// An instruction, on memories that are exported: their objects, their names.
    Instruction(Vec<(usize, String)>, Box<Make>),
    /// An import of the whole.
    Import,
}

/// Makes an instruction on memories of these numbers.
pub type Make = dyn Fn(&[u32]) -> Instruction<'static>;

/// Says what an import becomes: of the object with this number, from that module, with that name.
pub type Resolve<'a> = dyn Fn(usize, &str, &str) -> Resolved + 'a;

/// Links `objects`; of what the first of them exports, the result exports `exports`. The error is a fault in one of them.
pub fn link(objects: &[&[u8]], resolve: &Resolve<'_>, exports: &[&str]) -> Result<Vec<u8>, String> {
    let parsed: Vec<Object<'_>> = objects.iter().map(|wasm| Object::parse(wasm)).collect::<Result<_, String>>()?;
    let mut linker = Linker::new(&parsed, resolve)?;
    for number in 0..parsed.len() {
        linker.add(number).map_err(|error| format!("object {number}: {error}"))?;
    }
    linker.export(exports).map_err(|error| format!("exports: {error}"))?;
    Ok(linker.finish())
}

/// The value of a global that an object exports and that is a constant, such as the address of a static.
pub fn exported_constant(wasm: &[u8], name: &str) -> Option<u32> {
    let object = Object::parse(wasm).ok()?;
    let (_, index) = object.export(ExternalKind::Global, name)?;
    object.constants.get(index as usize).copied().flatten()
}

/// Why an object cannot be linked.
#[derive(Clone, Copy, Debug)]
struct Unlinkable(&'static str);

impl fmt::Display for Unlinkable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

/// The spaces in which things are numbered.
#[derive(Clone, Copy, Default, Debug)]
struct Counts {
    functions: u32,
    tables: u32,
    memories: u32,
    globals: u32,
    types: u32,
    elements: u32,
    data: u32,
}

/// A module, taken apart.
#[derive(Default)]
struct Object<'a> {
    payloads: Vec<Payload<'a>>,
    imports: Vec<(&'a str, &'a str, TypeRef)>,
    exports: Vec<(ExternalKind, &'a str, u32)>,
    bodies: Vec<FunctionBody<'a>>,
    /// The values of globals that are constants.
    constants: Vec<Option<u32>>,
    defined: Counts,
}

impl<'a> Object<'a> {
    fn parse(wasm: &'a [u8]) -> Result<Object<'a>, String> {
        Object::read(wasm).map_err(|error| format!("{error}"))
    }

    fn read(wasm: &'a [u8]) -> wasmparser::Result<Object<'a>> {
        let mut object = Object::default();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            let defined = &mut object.defined;
            match &payload {
                Payload::TypeSection(section) => {
                    for group in section.clone() {
                        defined.types += group?.types().len() as u32;
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.clone().into_imports() {
                        let import = import?;
                        object.imports.push((import.module, import.name, import.ty));
                    }
                }
                Payload::FunctionSection(section) => defined.functions = section.count(),
                Payload::TableSection(section) => defined.tables = section.count(),
                Payload::MemorySection(section) => defined.memories = section.count(),
                Payload::GlobalSection(section) => {
                    defined.globals = section.count();
                    for global in section.clone() {
                        let first = global?.init_expr.get_operators_reader().read()?;
                        let value = if let Operator::I32Const { value } = first { Some(value as u32) } else { None };
                        object.constants.push(value);
                    }
                }
                Payload::ElementSection(section) => defined.elements = section.count(),
                Payload::DataSection(section) => defined.data = section.count(),
                Payload::ExportSection(section) => {
                    for export in section.clone() {
                        let export = export?;
                        object.exports.push((export.kind, export.name, export.index));
                    }
                }
                Payload::CodeSectionEntry(body) => object.bodies.push(body.clone()),
                _ => {}
            }
            object.payloads.push(payload);
        }
        let imported = object.imported(|of| matches!(of, TypeRef::Global(_)));
        object.constants.splice(0..0, core::iter::repeat_n(None, imported as usize));
        Ok(object)
    }

    fn imported(&self, is_it: impl Fn(&TypeRef) -> bool) -> u32 {
        self.imports.iter().filter(|(_, _, of)| is_it(of)).count() as u32
    }

    fn export(&self, kind: ExternalKind, name: &str) -> Option<(ExternalKind, u32)> {
        self.exports.iter().find(|(of, named, _)| *of == kind && *named == name).map(|(of, _, index)| (*of, *index))
    }
}

/// What a number of an object's became.
enum Target {
    Index(u32),
    /// From this address on.
    Window(u32, u32),
    Instruction(Instruction<'static>),
}

impl Target {
    fn index(&self) -> u32 {
        match self {
            Target::Index(index) | Target::Window(index, _) => *index,
            // Nobody but a call may name it: `Linker::add` refuses.
            Target::Instruction(_) => u32::MAX,
        }
    }
}

/// What the numbers of one object became.
#[derive(Default)]
struct Spaces {
    functions: Vec<Target>,
    tables: Vec<u32>,
    memories: Vec<Target>,
    globals: Vec<u32>,
    first_type: u32,
    first_element: u32,
    first_data: u32,
}

struct Linker<'a> {
    objects: &'a [Object<'a>],
    spaces: Vec<Spaces>,
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    segments: u32,
}

impl<'a> Linker<'a> {
    /// Numbers everything: what stays imported first, as the format wants it, then each object's own.
    fn new(objects: &'a [Object<'a>], resolve: &Resolve<'_>) -> Result<Linker<'a>, String> {
        let mut linker = Linker {
            objects,
            spaces: Vec::new(),
            types: TypeSection::new(),
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            tables: TableSection::new(),
            memories: MemorySection::new(),
            globals: GlobalSection::new(),
            exports: ExportSection::new(),
            elements: ElementSection::new(),
            code: CodeSection::new(),
            data: DataSection::new(),
            segments: 0,
        };
        let resolved: Vec<Vec<Resolved>> = (0..)
            .zip(objects)
            .map(|(number, object)| {
                object.imports.iter().map(|(module, name, _)| resolve(number, module, name)).collect()
            })
            .collect();
        let mut next = Counts::default();
        for (object, resolved) in objects.iter().zip(&resolved) {
            let stays = |((module, name, of), resolved): (&(&'a str, &'a str, TypeRef), &Resolved)| {
                let TypeRef::Func(of) = *of else { return None };
                matches!(resolved, Resolved::Import).then_some((*module, *name, next.types + of))
            };
            for (module, name, of) in object.imports.iter().zip(resolved).filter_map(stays) {
                linker.imports.import(module, name, EntityType::Function(of));
                next.functions += 1;
            }
            next.types += object.defined.types;
        }
        let mut imported = 0;
        next.types = 0;
        let firsts: Vec<Counts> = objects.iter().map(|object| next.give(object.defined)).collect();
        for (number, resolved) in resolved.iter().enumerate() {
            let spaces = Spaces::new(objects, &firsts, number, resolved, &mut imported)?;
            linker.spaces.push(spaces);
        }
        Ok(linker)
    }

    /// Takes in an object's own things.
    fn add(&mut self, number: usize) -> Result<(), Error<Unlinkable>> {
        let objects = self.objects;
        let object = &objects[number];
        let spaces = &mut Renumber { spaces: &self.spaces[number], names_instruction: false };
        for payload in &object.payloads {
            match payload {
                Payload::TypeSection(section) => utils::parse_type_section(spaces, &mut self.types, section.clone())?,
                Payload::FunctionSection(section) => {
                    utils::parse_function_section(spaces, &mut self.functions, section.clone())?;
                }
                Payload::TableSection(section) => {
                    utils::parse_table_section(spaces, &mut self.tables, section.clone())?
                }
                Payload::MemorySection(section) => {
                    utils::parse_memory_section(spaces, &mut self.memories, section.clone())?
                }
                Payload::GlobalSection(section) => {
                    utils::parse_global_section(spaces, &mut self.globals, section.clone())?
                }
                Payload::ElementSection(section) => {
                    utils::parse_element_section(spaces, &mut self.elements, section.clone())?;
                }
                Payload::DataSection(section) => {
                    self.segments += section.count();
                    utils::parse_data_section(spaces, &mut self.data, section.clone())?;
                }
                Payload::StartSection { .. } | Payload::TagSection(_) => {
                    return Err(Error::UserError(Unlinkable("start functions and tags cannot be linked")));
                }
                _ => {}
            }
        }
        for body in &object.bodies {
            utils::parse_function_body(spaces, &mut self.code, body.clone())?;
        }
        if spaces.names_instruction {
            return Err(Error::UserError(Unlinkable("an import that became an instruction is not only called")));
        }
        Ok(())
    }

    /// Exports what the first object exports under these names.
    fn export(&mut self, names: &[&str]) -> Result<(), Error<Unlinkable>> {
        let first = &self.objects[0];
        let renumber = &mut Renumber { spaces: &self.spaces[0], names_instruction: false };
        for (kind, name, index) in first.exports.iter().filter(|(_, name, _)| names.contains(name)) {
            let index = renumber.external_index(*kind, *index)?;
            self.exports.export(name, utils::export_kind(renumber, *kind), index);
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals).section(&self.exports).section(&self.elements);
        module.section(&DataCountSection { count: self.segments });
        module.section(&self.code).section(&self.data);
        module.finish()
    }
}

impl Counts {
    /// The first numbers of so many more.
    fn give(&mut self, more: Counts) -> Counts {
        let first = *self;
        self.functions += more.functions;
        self.tables += more.tables;
        self.memories += more.memories;
        self.globals += more.globals;
        self.types += more.types;
        self.elements += more.elements;
        self.data += more.data;
        first
    }
}

impl Spaces {
    fn new(
        objects: &[Object<'_>],
        firsts: &[Counts],
        number: usize,
        resolved: &[Resolved],
        imported: &mut u32,
    ) -> Result<Spaces, String> {
        let (object, first) = (&objects[number], firsts[number]);
        let mut spaces = Spaces {
            first_type: first.types,
            first_element: first.elements,
            first_data: first.data,
            ..Spaces::default()
        };
        for ((module, name, of), resolved) in object.imports.iter().zip(resolved) {
            let wrong = |why: &str| format!("{module}.{name}: {why}");
            let at = |kind, to: usize, name: &str| {
                defined(objects, firsts, to, kind, name).ok_or_else(|| wrong("what it should be is not exported"))
            };
            match (of, resolved) {
                (TypeRef::Func(_), Resolved::Export(to, name, _)) => {
                    spaces.functions.push(Target::Index(at(ExternalKind::Func, *to, name)?));
                }
                (TypeRef::Func(_), Resolved::Instruction(memories, make)) => {
                    let memories = memories.iter().map(|(to, name)| at(ExternalKind::Memory, *to, name));
                    let instruction = make(&memories.collect::<Result<Vec<u32>, String>>()?);
                    spaces.functions.push(Target::Instruction(instruction));
                }
                (TypeRef::Func(_), Resolved::Import) => {
                    spaces.functions.push(Target::Index(*imported));
                    *imported += 1;
                }
                (TypeRef::Memory(_), Resolved::Export(to, name, from)) => {
                    spaces.memories.push(Target::Window(at(ExternalKind::Memory, *to, name)?, *from));
                }
                (TypeRef::Table(_), Resolved::Export(to, name, _)) => {
                    spaces.tables.push(at(ExternalKind::Table, *to, name)?);
                }
                (TypeRef::Global(_), Resolved::Export(to, name, _)) => {
                    spaces.globals.push(at(ExternalKind::Global, *to, name)?);
                }
                _ => return Err(wrong("only a function can stay an import")),
            }
        }
        spaces.functions.extend((first.functions..).take(object.defined.functions as usize).map(Target::Index));
        spaces.memories.extend((first.memories..).take(object.defined.memories as usize).map(Target::Index));
        spaces.tables.extend(first.tables..first.tables + object.defined.tables);
        spaces.globals.extend(first.globals..first.globals + object.defined.globals);
        Ok(spaces)
    }
}

/// The number in the whole of what an object defines and exports.
fn defined(objects: &[Object<'_>], firsts: &[Counts], of: usize, kind: ExternalKind, name: &str) -> Option<u32> {
    let (object, first) = (objects.get(of)?, firsts.get(of)?);
    let (_, index) = object.export(kind, name)?;
    let (first, imported) = match kind {
        ExternalKind::Func => (first.functions, object.imported(|of| matches!(of, TypeRef::Func(_)))),
        ExternalKind::Table => (first.tables, object.imported(|of| matches!(of, TypeRef::Table(_)))),
        ExternalKind::Memory => (first.memories, object.imported(|of| matches!(of, TypeRef::Memory(_)))),
        ExternalKind::Global => (first.globals, object.imported(|of| matches!(of, TypeRef::Global(_)))),
        _ => return None,
    };
    // What it only imports itself is not looked for any further.
    Some(first + index.checked_sub(imported)?)
}

/// Rewrites an object's numbers.
struct Renumber<'a> {
    spaces: &'a Spaces,
    /// Whether a function was named that became an instruction, for something else than a call.
    names_instruction: bool,
}

impl Reencode for Renumber<'_> {
    type Error = Unlinkable;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unlinkable>> {
        let target = &self.spaces.functions[function as usize];
        self.names_instruction |= matches!(target, Target::Instruction(_));
        Ok(target.index())
    }
    fn memory_index(&mut self, memory: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.memories[memory as usize].index())
    }
    fn table_index(&mut self, table: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.tables[table as usize])
    }
    fn global_index(&mut self, global: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.globals[global as usize])
    }
    fn type_index(&mut self, of: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.first_type + of)
    }
    fn element_index(&mut self, element: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.first_element + element)
    }
    fn data_index(&mut self, data: u32) -> Result<u32, Error<Unlinkable>> {
        Ok(self.spaces.first_data + data)
    }
    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Result<MemArg, Error<Unlinkable>> {
        let from = match self.spaces.memories[arg.memory as usize] {
            Target::Window(_, from) => u64::from(from),
            _ => 0,
        };
        let plain = utils::mem_arg(self, arg)?;
        Ok(MemArg { offset: plain.offset + from, ..plain })
    }
    fn instruction<'b>(&mut self, operator: Operator<'b>) -> Result<Instruction<'b>, Error<Unlinkable>> {
        if let Operator::Call { function_index } = operator
            && let Some(Target::Instruction(instruction)) = self.spaces.functions.get(function_index as usize)
        {
            return Ok(instruction.clone());
        }
        utils::instruction(self, operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::vec;
    use wasm_encoder::{ConstExpr, ExportKind, Function, GlobalType, MemoryType, ValType};

    /// A module that imports functions of type (i32) -> i32 and a memory, or defines that, with one function that calls all.
    fn object(imports: &[(&str, &str)], imports_memory: bool, export: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        let mut section = ImportSection::new();
        for (module, name) in imports {
            section.import(module, name, EntityType::Function(0));
        }
        let memory = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
        let mut memories = MemorySection::new();
        if imports_memory {
            section.import("other", "memory", EntityType::Memory(memory));
        } else {
            memories.memory(memory);
        }
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut globals = GlobalSection::new();
        let of = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
        globals.global(of, &ConstExpr::i32_const(4096));
        let mut exports = ExportSection::new();
        exports.export(export, ExportKind::Func, imports.len() as u32);
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("at", ExportKind::Global, 0);
        let mut body = Function::new([]);
        body.instruction(&Instruction::LocalGet(0));
        (0..imports.len() as u32).for_each(|number| _ = body.instruction(&Instruction::Call(number)));
        body.instruction(&Instruction::I32Load(MemArg { offset: 8, align: 2, memory_index: 0 }));
        body.instruction(&Instruction::End);
        let mut code = CodeSection::new();
        code.function(&body);
        let mut module = Module::new();
        module.section(&types).section(&section).section(&functions).section(&memories).section(&globals);
        module.section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn imports_become_what_they_are() {
        let first = object(&[("host", "stays"), ("memory", "load"), ("other", "run")], false, "start");
        let second = object(&[("other", "start")], true, "run");
        assert_eq!(exported_constant(&first, "at"), Some(4096));
        let resolve = |of: usize, module: &str, name: &str| match (of, module, name) {
            (0, "memory", "load") => {
                let load = |at: &[u32]| Instruction::I32Load8U(MemArg { offset: 0, align: 0, memory_index: at[0] });
                Resolved::Instruction(vec![(0, "memory".to_owned())], Box::new(load))
            }
            (0, "other", _) => Resolved::Export(1, name.to_owned(), 0),
            (1, _, _) => Resolved::Export(0, name.to_owned(), 4096),
            _ => Resolved::Import,
        };
        let linked = link(&[&first, &second], &resolve, &["start"]).expect("it can be linked");
        let whole = Object::parse(&linked).expect("it is a module");
        assert_eq!(whole.imports.iter().map(|import| import.1).collect::<Vec<_>>(), ["stays"]);
        assert_eq!(whole.exports, [(ExternalKind::Func, "start", 1)]);
        let operators = |body: usize| {
            let reader = whole.bodies[body].get_operators_reader().expect("a body");
            reader.into_iter().collect::<Result<Vec<_>, _>>().expect("operators")
        };
        let calls = |operator: &Operator<'_>| match operator {
            Operator::Call { function_index } => Some(*function_index),
            _ => None,
        };
        assert_eq!(operators(0).iter().filter_map(calls).collect::<Vec<_>>(), [0, 2]);
        assert!(operators(0).iter().any(|operator| matches!(operator, Operator::I32Load8U { .. })));
        assert_eq!(operators(1).iter().filter_map(calls).collect::<Vec<_>>(), [1]);
        let is_moved =
            |operator: &Operator<'_>| matches!(operator, Operator::I32Load { memarg } if memarg.offset == 4104);
        assert!(operators(1).iter().any(is_moved), "its memory is a window into the other's");
    }

    #[test]
    fn what_is_missing_is_an_error() {
        let first = object(&[("other", "run")], false, "start");
        let resolve = |_: usize, _: &str, name: &str| Resolved::Export(0, name.to_owned(), 0);
        let error = link(&[&first], &resolve, &["start"]).expect_err("nobody exports it");
        assert!(error.contains("other.run"), "{error}");
        assert!(link(&[b"no module"], &resolve, &[]).is_err());
    }
}
