//! The methods of a port: their operation, resource, parameters and results.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, FnArg, GenericArgument, Ident, LitStr, Pat, Path, PathArguments, ReceiverKind, Result,
    ReturnType, Signature, Token, TraitItem, Type,
};

/// `crate = path`, or nothing.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) library: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        if input.is_empty() {
            return Ok(Self::default());
        }
        if !input.peek(Token![crate]) {
            return Err(input.error("expected `crate = path`"));
        }
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        Ok(Self { library: Some(input.call(Path::parse_mod_style)?) })
    }
}

/// A method that is one operation of AWS.
pub(super) struct Method {
    pub(super) docs: Vec<Attribute>,
    pub(super) name: Ident,
    /// As the author wrote it.
    pub(super) signature: Signature,
    /// The parameters without receiver and proof.
    pub(super) inputs: Vec<FnArg>,
    /// Their names and types.
    pub(super) arguments: Vec<Ident>,
    pub(super) types: Vec<Type>,
    /// The name of the parameter with the proof, if it changes something.
    pub(super) proof: Option<Ident>,
    /// The type of the result.
    pub(super) output: Type,
    /// The type of the result if there is no error.
    pub(super) ok: Type,
    pub(super) operation: Operation,
}

/// `#[call("service:Operation", resource)]` or `#[change(…)]`.
pub(super) struct Operation {
    pub(super) changes: bool,
    pub(super) name: LitStr,
    /// The resource, as text.
    pub(super) resource: TokenStream,
}

/// Reads the method and takes its mark off. `None` for one with a body, which calls others.
pub(super) fn method(item: &mut TraitItem) -> Result<Option<Method>> {
    let TraitItem::Fn(function) = item else {
        return Err(Error::new(item.span(), "a port has only methods"));
    };
    let is_mark = |attribute: &Attribute| attribute.path().is_ident("call") || attribute.path().is_ident("change");
    let (marks, others): (Vec<_>, Vec<_>) = function.attrs.drain(..).partition(is_mark);
    function.attrs = others;
    let signature = &function.sig;
    let [mark] = marks.as_slice() else {
        return match marks.get(1) {
            Some(second) => Err(Error::new_spanned(second, "a method is one operation: write a method for each")),
            None if function.default.is_some() || function.attrs.iter().any(is_unknown) => Ok(None),
            None => Err(Error::new(
                signature.ident.span(),
                "which operation of AWS is it? Write `#[call(\"ec2:DescribeImages\", id)]` above one that reads, `#[change(…)]` above \
                 one that changes something, or a body that calls other methods",
            )),
        };
    };
    if let Some(body) = &function.default {
        return Err(Error::new_spanned(body, "an operation of AWS has no body here: each cloud has its own"));
    }
    let operation = operation(mark)?;
    check_signature(signature)?;
    let mut inputs: Vec<FnArg> = signature.inputs.iter().skip(1).cloned().collect();
    let proof = take_proof(&mut inputs, operation.changes, signature)?;
    let arguments = inputs.iter().map(name_of).collect::<Result<_>>()?;
    let types = inputs.iter().filter_map(type_of).collect();
    let (output, ok) = results(signature)?;
    Ok(Some(Method {
        docs: function.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect(),
        name: signature.ident.clone(),
        signature: signature.clone(),
        inputs,
        arguments,
        types,
        proof,
        output,
        ok,
        operation,
    }))
}

/// An attribute that no method has, such as a misspelt mark: rustc reports it.
fn is_unknown(attribute: &Attribute) -> bool {
    const KNOWN: [&str; 8] = ["allow", "cfg", "cfg_attr", "deprecated", "doc", "expect", "must_use", "warn"];
    !KNOWN.iter().any(|known| attribute.path().is_ident(known))
}

fn operation(mark: &Attribute) -> Result<Operation> {
    let parse = |input: ParseStream| {
        let name: LitStr = input.parse()?;
        let resource = if input.is_empty() {
            quote!(::std::string::String::new())
        } else {
            input.parse::<Token![,]>()?;
            let resource: Expr = input.parse()?;
            quote!(::std::string::ToString::to_string(&(#resource)))
        };
        Ok(Operation { changes: mark.path().is_ident("change"), name, resource })
    };
    let operation = mark.parse_args_with(parse)?;
    if is_operation(&operation.name.value()) {
        return Ok(operation);
    }
    let message =
        "expected the prefix of the service in IAM and the name of the operation, such as \"ec2:DescribeImages\"";
    Err(Error::new(operation.name.span(), message))
}

fn is_operation(name: &str) -> bool {
    name.split_once(':').is_some_and(|(service, operation)| {
        !service.is_empty()
            && service.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && operation.starts_with(|c: char| c.is_ascii_uppercase())
            && operation.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

fn check_signature(signature: &Signature) -> Result<()> {
    if signature.asyncness.is_none() {
        return Err(Error::new(signature.ident.span(), "a call takes time: write `async fn`"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a method of a port has no parameters in `<…>`"));
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) => Ok(()),
        Some(first) => Err(Error::new_spanned(first, "the first parameter is `&self`")),
        None => Err(Error::new(signature.ident.span(), "the first parameter is `&self`")),
    }
}

/// Removes the proof from the parameters of a change, where it is the first.
fn take_proof(inputs: &mut Vec<FnArg>, changes: bool, signature: &Signature) -> Result<Option<Ident>> {
    let is_proof = |input: &FnArg| matches!(input, FnArg::Typed(typed) if is_reference_to(&typed.ty, "Proof"));
    match (inputs.iter().position(is_proof), changes) {
        (Some(0), true) => name_of(&inputs.remove(0)).map(Some),
        (Some(position), false) => {
            let proof = inputs.get(position);
            Err(Error::new_spanned(proof, "only a `#[change]` needs a proof"))
        }
        (_, true) => {
            let message =
                "a change takes `proof: &Proof` after `&self`: it shows that the attempt may change something now";
            Err(Error::new(signature.ident.span(), message))
        }
        (None, false) => Ok(None),
    }
}

fn is_reference_to(kind: &Type, name: &str) -> bool {
    let Type::Reference(reference) = kind else { return false };
    matches!(&*reference.elem, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

fn name_of(input: &FnArg) -> Result<Ident> {
    match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) if name.subpat.is_none() => Ok(name.ident.clone()),
            pattern => Err(Error::new_spanned(pattern, "a parameter has a name here; take it apart in each half")),
        },
        FnArg::Receiver(receiver) => Err(Error::new_spanned(receiver, "`&self` is the first parameter")),
    }
}

fn type_of(input: &FnArg) -> Option<Type> {
    match input {
        FnArg::Typed(typed) => Some((*typed.ty).clone()),
        FnArg::Receiver(_) => None,
    }
}

/// The result, and its type without an error.
fn results(signature: &Signature) -> Result<(Type, Type)> {
    let expected = "a call may fail: return `Result<…, CloudError>`";
    let ReturnType::Type(_, output) = &signature.output else {
        return Err(Error::new(signature.ident.span(), expected));
    };
    let Type::Path(path) = &**output else { return Err(Error::new_spanned(output, expected)) };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
        return Err(Error::new_spanned(output, expected));
    };
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(ok)) => Ok(((**output).clone(), ok.clone())),
            _ => Err(Error::new_spanned(output, expected)),
        },
        _ => Err(Error::new_spanned(output, expected)),
    }
}
