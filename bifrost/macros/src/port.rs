//! `#[port]`: a trait of calls to AWS, and for each cloud the trait of what an adapter must write.

mod parse;

use crate::library;
use parse::{Arguments, Method, Operation};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use std::collections::BTreeSet;
use syn::{Attribute, Error, Ident, ItemTrait, Path, parse_quote};

pub(crate) fn expand(arguments: TokenStream, mut item: ItemTrait) -> TokenStream {
    let mut errors = Vec::new();
    let arguments = syn::parse2::<Arguments>(arguments).unwrap_or_else(|error| {
        errors.push(error);
        Arguments::default()
    });
    let library = arguments.library.unwrap_or_else(library::default);
    if !item.generics.params.is_empty() {
        errors.push(Error::new_spanned(&item.generics, "a port has no parameters: it is used as `dyn`"));
    }
    let mut methods = Vec::new();
    for trait_item in &mut item.items {
        match parse::method(trait_item) {
            Ok(method) => methods.extend(method),
            Err(error) => errors.push(error),
        }
    }
    let errors: Vec<_> = errors.iter().map(Error::to_compile_error).collect();
    // Without the adapters, one mistake in a method is not a second error in each of them.
    let adapters = if errors.is_empty() { adapters(&library, &item, &methods) } else { TokenStream::new() };
    item.supertraits.push(parse_quote!(::core::marker::Send));
    item.supertraits.push(parse_quote!(::core::marker::Sync));
    quote! {
        #[#library::__private::async_trait]
        #item
        #adapters
        #(#errors)*
    }
}

fn adapters(library: &Path, item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let operations = operations(library, item, methods);
    let (local, aws) = (local_half(library, item, methods), aws_half(library, item, methods));
    quote! {
        #operations
        #library::__if_local! { #local }
        #library::__if_aws! { #aws }
    }
}

/// The names of all operations, the resource of each call, and for each `#[call]` the check that its operation changes nothing.
fn operations(library: &Path, item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let (vis, port) = (&item.vis, &item.ident);
    let mut seen = BTreeSet::new();
    let names = methods.iter().map(|method| &method.operation.name).filter(|name| seen.insert(name.value()));
    let checks = methods.iter().filter(|method| !method.operation.changes).map(|method| {
        let name = &method.operation.name;
        let message = format!(
            "{} changes something, so it is `#[change]` with a parameter `proof: &Proof`, which the audit log needs",
            name.value()
        );
        quote_spanned!(name.span()=> const _: () = ::core::assert!(#library::cloud::is_read(#name), #message);)
    });
    // One function for both halves: a mistake in the expression is one error.
    let resources = methods.iter().map(|method| {
        let Method { arguments, types, operation: Operation { resource, .. }, .. } = method;
        let name = resource_function(method);
        quote! {
            #[allow(unused_variables, clippy::all, clippy::pedantic, reason = "most calls do not name every argument")]
            fn #name(#(#arguments: &#types),*) -> ::std::string::String {
                #resource
            }
        }
    });
    quote! {
        #[allow(dead_code, reason = "permissions may list operations themselves")]
        impl dyn #port {
            /// The AWS operations of this port, in the order of its methods.
            #vis const OPERATIONS: &'static [&'static str] = &[#(#names),*];
            #(#resources)*
        }
        #(#checks)*
    }
}

fn resource_function(method: &Method) -> Ident {
    format_ident!("resource_of_{}", method.name)
}

/// The trait for functions of a region's state, and the port of a session of the local cloud.
fn local_half(library: &Path, item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let (vis, port, half) = (&item.vis, &item.ident, format_ident!("Local{}", item.ident));
    let functions = methods.iter().map(|method| {
        let Method { docs, name, inputs, ok, .. } = method;
        let mutability = method.proof.as_ref().map(|_| quote!(mut));
        quote! {
            #(#docs)*
            fn #name(
                region: & #mutability #library::local::RegionState<'_, Self>,
                #(#inputs),*
            ) -> ::core::result::Result<#ok, #library::local::ServiceError>;
        }
    });
    let calls = methods.iter().map(|method| {
        let Method { name, arguments, signature, operation, .. } = method;
        let (operation, resource) = (&operation.name, resource_function(method));
        let effect = quote!(|region| <R as #half>::#name(region, #(#arguments),*));
        let session = quote!(#library::local::LocalSession);
        let call = if let Some(proof) = &method.proof {
            quote!(#session::change(self, #proof, #operation, &resource, #effect))
        } else {
            quote!(#session::call(self, #operation, &resource, #effect))
        };
        quote! {
            #signature {
                let resource = <dyn #port>::#resource(#(&#arguments),*);
                #call.await
            }
        }
    });
    let doc = format!(
        "The local half of [`{port}`], for the resources of the deployer in an account of the local cloud: what the service does, as \
         functions of a region's state."
    );
    let missing = missing_half(port, &half, "the deployer's resources in the local cloud");
    quote! {
        #[doc = #doc]
        #missing
        #[allow(dead_code, reason = "a deployer may run in one cloud only")]
        #vis trait #half: #library::local::Resources {
            #(#functions)*
        }

        #[#library::__private::async_trait]
        impl<R: #half> #port for #library::local::LocalSession<R> {
            #(#calls)*
        }
    }
}

/// The trait for requests with a client of the SDK, and the port of such a client.
fn aws_half(library: &Path, item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let (vis, port, half) = (&item.vis, &item.ident, format_ident!("Aws{}", item.ident));
    let call_type = |method: &Method| if method.proof.is_some() { quote!(AwsChange) } else { quote!(AwsCall) };
    let functions = methods.iter().map(|method| {
        let Method { docs, name, inputs, output, .. } = method;
        let call = call_type(method);
        quote! {
            #(#docs)*
            fn #name(
                &self,
                call: #library::aws::#call<'_>,
                #(#inputs),*
            ) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
        }
    });
    let calls = methods.iter().map(|method| {
        let Method { name, arguments, signature, operation, .. } = method;
        let (operation, resource) = (&operation.name, resource_function(method));
        let client = quote!(#library::aws::AwsClient);
        let call = if let Some(proof) = &method.proof {
            quote!(#client::change(self, #proof, #operation, &resource))
        } else {
            quote!(#client::call(self, #operation, &resource))
        };
        quote! {
            #signature {
                let resource = <dyn #port>::#resource(#(&#arguments),*);
                <C as #half>::#name(#client::client(self), #call, #(#arguments),*).await
            }
        }
    });
    let doc = format!(
        "The AWS half of [`{port}`], for a client of the AWS SDK. Each request is sent with `call.send(…)`; an operation may need \
         several, one for each page."
    );
    let missing = missing_half(port, &half, "the client of the service in the AWS SDK");
    quote! {
        #[doc = #doc]
        #missing
        #[allow(dead_code, reason = "a deployer may run in one cloud only")]
        #vis trait #half: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#functions)*
        }

        #[#library::__private::async_trait]
        impl<C: #half> #port for #library::aws::AwsClient<C> {
            #(#calls)*
        }
    }
}

/// What the compiler says where the half is missing.
fn missing_half(port: &Ident, half: &Ident, of: &str) -> Attribute {
    let message = format!("`{{Self}}` does not implement `{half}`, which port `{port}` needs");
    let note = format!("write `impl {half} for …` for {of}");
    parse_quote!(#[diagnostic::on_unimplemented(message = #message, note = #note)])
}
