//! [`port_contract!`](crate::port_contract): one suite of tests for a deployer's ports on every cloud.

/// Runs the same tests of a deployer's ports on the local cloud and on AWS as moto emulates it, so that handlers may rely on either.
///
/// A test is an `async fn` in the named module that takes a [`PortContract`](crate::testing::PortContract): the ports in an account of
/// its own, and what was created there for it; or a type of yours that is made `From` it. `local` names the function that creates that in a
/// [`LocalContract`](crate::testing::LocalContract), and `moto` the one that creates the same in a `bifrost_moto::MotoAccount`. Both
/// return the same type, such as the ids of what they created, or nothing. Where moto cannot run, its tests are skipped with a message.
///
/// ```ignore
/// bifrost::port_contract! {
///     Hello, local: empty_table, #[cfg(feature = "aws")] moto: create_table;
///     flags: version_is_found_by_its_flag, deleted_version_is_gone;
/// }
///
/// fn empty_table(_: &LocalContract<Hello>) {}
///
/// #[cfg(feature = "aws")]
/// fn create_table(account: &MotoAccount) {
///     account.call("dynamodb", "CreateTable", json!({"TableName": "flags" /* and its keys */}));
/// }
/// ```
///
/// The dev-dependencies need the crate `bifrost-moto`.
#[cfg(feature = "local")]
#[macro_export]
macro_rules! port_contract {
    ($deployer:ty, local: $local:path; $($module:ident: $($test:ident),+ $(,)?;)+) => {
        mod on_local_cloud {
            #[allow(unused_imports, reason = "the deployer may have an absolute path")]
            use super::*;
            $($(
                #[test]
                fn $test() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
                    let cloud = $crate::testing::LocalContract::<$deployer>::new()?;
                    let seeded = $local(&cloud);
                    Ok($crate::testing::block_on($module::$test(cloud.contract(seeded).into()))?)
                }
            )+)+
        }
    };
    (
        $deployer:ty, local: $local:path, $(#[$when:meta])? moto: $moto:path;
        $($module:ident: $($test:ident),+ $(,)?;)+
    ) => {
        $crate::port_contract!($deployer, local: $local; $($module: $($test),+;)+);

        $(#[$when])?
        mod on_moto {
            #[allow(unused_imports, reason = "the deployer may have an absolute path")]
            use super::*;
            $($(
                #[test]
                fn $test() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {
                    let Some(account) = ::bifrost_moto::MotoAccount::new() else { return Ok(()) };
                    let place = || ::std::result::Result::<_, $crate::release::InvalidName>::Ok(
                        (account.id().parse()?, account.region().parse()?),
                    );
                    let seeded = $moto(&account);
                    let (id, region) = place()?;
                    let session = $crate::aws::emulated_session::<$deployer>(&account.environment(), id, region)?;
                    let ports = <$deployer as $crate::aws::AwsDeployer>::aws_ports(session);
                    let wait = |_| ::bifrost_moto::MotoAccount::wait();
                    let cloud = $crate::testing::PortContract::new(ports, place()?, seeded, wait);
                    $crate::testing::block_on($module::$test(cloud.into()))?;
                    account.check_gaps();
                    Ok(())
                }
            )+)+
        }
    };
}
