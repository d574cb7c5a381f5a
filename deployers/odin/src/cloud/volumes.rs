//! Which sizes, IOPS and throughputs EC2 accepts for each type of EBS volume.
//!
//! Ranges: model of EC2 in botocore 1.44.8, `LaunchTemplateEbsBlockDeviceRequest` and `EbsBlockDevice`. Ratios: guides "Amazon EBS
//! General Purpose SSD volumes" and "Amazon EBS Provisioned IOPS SSD volumes" (docs.aws.amazon.com/ebs/latest/userguide).

use super::EbsVolume;
use std::ops::RangeInclusive;

/// A field of a volume, by its name in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeField {
    /// `DeviceName`.
    DeviceName,
    /// `VolumeSize`.
    VolumeSize,
    /// `Iops`.
    Iops,
    /// `Throughput`.
    Throughput,
}

/// What EC2 accepts for a type of volume.
struct TypeLimits {
    size_gib: RangeInclusive<u32>,
    iops: Option<IopsLimits>,
}

struct IopsLimits {
    range: RangeInclusive<u32>,
    per_gib: u32,
    /// What a volume gets if its IOPS are not set; `None` if they must be.
    default: Option<u32>,
}

/// The throughput of `gp3`, the only type for which it can be set, in MiB/s.
const THROUGHPUT: RangeInclusive<u32> = 125..=2_000;

/// How many IOPS of `gp3` allow 1 MiB/s of throughput: the guide says 0.25 MiB/s for each.
const IOPS_PER_MIB: u32 = 4;

impl TypeLimits {
    /// `None` for a type that EC2 does not have.
    fn of(volume_type: &str) -> Option<Self> {
        let provisioned = |range, per_gib, default| Some(IopsLimits { range, per_gib, default });
        let (size_gib, iops) = match volume_type {
            "gp2" => (1..=16_384, None),
            "gp3" => (1..=65_536, provisioned(3_000..=80_000, 500, Some(3_000))),
            "io1" => (4..=16_384, provisioned(100..=64_000, 50, None)),
            "io2" => (4..=65_536, provisioned(100..=256_000, 1_000, None)),
            "st1" | "sc1" => (125..=16_384, None),
            "standard" => (1..=1_024, None),
            _ => return None,
        };
        Some(Self { size_gib, iops })
    }
}

/// Every setting of the volume that EC2 refuses, with what is wrong and which values it accepts.
#[must_use]
pub fn refused_settings(volume: &EbsVolume) -> Vec<(VolumeField, String)> {
    let EbsVolume { device_name, size_gib, volume_type, iops, throughput, .. } = volume;
    let mut refused = Vec::new();
    if !is_device_name(device_name) {
        let message = format!("{device_name:?} is not a device name: use one such as /dev/xvda or /dev/sdf");
        refused.push((VolumeField::DeviceName, message));
    }
    let Some(limits) = TypeLimits::of(volume_type) else { return refused };
    if !limits.size_gib.contains(size_gib) {
        let message = format!("a {volume_type} volume cannot have {size_gib} GiB: use {}", range(&limits.size_gib));
        refused.push((VolumeField::VolumeSize, message));
    }
    let wrong_iops = wrong_iops(volume, limits.iops.as_ref());
    let has_wrong_iops = wrong_iops.is_some();
    refused.extend(wrong_iops.map(|message| (VolumeField::Iops, message)));
    let effective = iops.or(limits.iops.and_then(|limits| limits.default)).filter(|_| !has_wrong_iops);
    let wrong_throughput = throughput.and_then(|throughput| wrong_throughput(volume_type, throughput, effective));
    refused.extend(wrong_throughput.map(|message| (VolumeField::Throughput, message)));
    refused
}

fn wrong_iops(volume: &EbsVolume, limits: Option<&IopsLimits>) -> Option<String> {
    let EbsVolume { size_gib, volume_type, iops, .. } = volume;
    let (iops, limits) = match (iops, limits) {
        (None, None) => return None,
        (Some(_), None) => {
            return Some(format!(
                "the IOPS of a {volume_type} volume cannot be set: remove it, or use a volume of type gp3, io1 or io2"
            ));
        }
        (None, Some(limits)) if limits.default.is_some() => return None,
        (None, Some(limits)) => {
            return Some(format!("required for a {volume_type} volume: use {}", range(&limits.range)));
        }
        (Some(iops), Some(limits)) => (*iops, limits),
    };
    if !limits.range.contains(&iops) {
        return Some(format!("a {volume_type} volume cannot have {iops} IOPS: use {}", range(&limits.range)));
    }
    let most = size_gib.saturating_mul(limits.per_gib).max(*limits.range.start());
    (iops > most).then(|| {
        format!(
            "{iops} IOPS are too many for {size_gib} GiB: a {volume_type} volume has at most {} for each GiB: use at most {most}, \
             or a larger volume",
            limits.per_gib
        )
    })
}

fn wrong_throughput(volume_type: &str, throughput: u32, iops: Option<u32>) -> Option<String> {
    if volume_type != "gp3" {
        return Some(format!("the throughput of a {volume_type} volume cannot be set: remove it, or use type gp3"));
    }
    if !THROUGHPUT.contains(&throughput) {
        return Some(format!("a gp3 volume cannot have {throughput} MiB/s: use {}", range(&THROUGHPUT)));
    }
    let iops = iops?;
    let most = iops / IOPS_PER_MIB;
    (throughput > most).then(|| {
        format!(
            "{throughput} MiB/s are too many for {iops} IOPS: each IOPS allows 0.25 MiB/s: use at most {most}, or at least {} IOPS",
            throughput.saturating_mul(IOPS_PER_MIB)
        )
    })
}

/// Whether an instance may have a device of that name: guide "Device names for volumes on Amazon EC2 instances", for Linux and
/// Windows.
fn is_device_name(name: &str) -> bool {
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    let Some((letters, is_xen)) = name
        .strip_prefix("xvd")
        .map(|rest| (rest, true))
        .or_else(|| name.strip_prefix("sd").or_else(|| name.strip_prefix("hd")).map(|rest| (rest, false)))
    else {
        return false;
    };
    let digits = letters.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let letters = letters.len().saturating_sub(digits.len());
    let is_partition =
        digits.parse().is_ok_and(|number: u8| (1..=15).contains(&number)) && !digits.starts_with(['0', '+']);
    (digits.is_empty() || is_partition) && (letters == 1 || (is_xen && letters == 2))
}

fn range(range: &RangeInclusive<u32>) -> String {
    format!("{} to {}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::VolumeField::{DeviceName, Iops, Throughput, VolumeSize};
    use super::*;

    /// The fields that are refused.
    fn refused(volume_type: &str, size_gib: u32, iops: Option<u32>, throughput: Option<u32>) -> Vec<VolumeField> {
        let (device_name, volume_type) = ("/dev/xvda".into(), volume_type.into());
        let volume = EbsVolume { device_name, size_gib, volume_type, encrypted: None, iops, throughput };
        refused_settings(&volume).into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn sizes_depend_on_the_type() {
        for (volume_type, iops, least, most) in [
            ("gp2", None, 1, 16_384),
            ("gp3", None, 1, 65_536),
            ("io1", Some(100), 4, 16_384),
            ("io2", Some(100), 4, 65_536),
            ("st1", None, 125, 16_384),
            ("sc1", None, 125, 16_384),
            ("standard", None, 1, 1_024),
        ] {
            for size in [least, most] {
                assert_eq!(refused(volume_type, size, iops, None), [], "{volume_type} {size}");
            }
            for size in [least - 1, most + 1, u32::MAX] {
                assert_eq!(refused(volume_type, size, iops, None)[0], VolumeSize, "{volume_type} {size}");
            }
        }
    }

    #[test]
    fn iops_depend_on_type_and_size() {
        for (volume_type, size, accepted, too_few_or_many) in [
            ("gp3", 1, [3_000, 3_000], [2_999, 3_001]),
            ("gp3", 10, [3_000, 5_000], [2_999, 5_001]),
            ("gp3", 65_536, [3_000, 80_000], [0, 80_001]),
            ("io1", 4, [100, 200], [99, 201]),
            ("io1", 16_384, [100, 64_000], [99, 64_001]),
            ("io2", 4, [100, 4_000], [99, 4_001]),
            ("io2", 65_536, [100, 256_000], [99, 256_001]),
        ] {
            for iops in accepted {
                assert_eq!(refused(volume_type, size, Some(iops), None), [], "{volume_type} {size} {iops}");
            }
            for iops in too_few_or_many {
                assert_eq!(refused(volume_type, size, Some(iops), None), [Iops], "{volume_type} {size} {iops}");
            }
        }
        for volume_type in ["gp2", "st1", "sc1", "standard"] {
            assert_eq!(refused(volume_type, 500, Some(3_000), None), [Iops], "{volume_type}");
        }
        for volume_type in ["io1", "io2"] {
            assert_eq!(refused(volume_type, 500, None, None), [Iops], "{volume_type}");
        }
    }

    #[test]
    fn throughput_depends_on_iops() {
        for (iops, throughput) in [(None, 125), (None, 750), (Some(4_000), 1_000), (Some(8_000), 2_000)] {
            assert_eq!(refused("gp3", 100, iops, Some(throughput)), [], "{iops:?} {throughput}");
        }
        for (iops, throughput) in [(None, 124), (None, 751), (Some(4_000), 1_001), (Some(80_000), 2_001)] {
            assert_eq!(refused("gp3", 200, iops, Some(throughput)), [Throughput], "{iops:?} {throughput}");
        }
        assert_eq!(refused("gp3", 100, Some(10), Some(1_000)), [Iops], "its IOPS are not known");
        assert_eq!(refused("gp2", 100, None, Some(125)), [Throughput]);
        assert_eq!(refused("io2", 100, Some(100), Some(125)), [Throughput]);
    }

    #[test]
    fn device_names_are_those_of_linux_and_windows() {
        for right in
            ["/dev/xvda", "/dev/sda1", "/dev/sdf", "/dev/sdp6", "/dev/sdz15", "/dev/xvdba", "xvdf", "xvdca", "/dev/hda"]
        {
            assert!(is_device_name(right), "{right}");
        }
        for wrong in [
            "",
            "/dev/",
            "/dev/sd",
            "/dev/sd1",
            "/dev/sda16",
            "/dev/sda0",
            "/dev/sda01",
            "/dev/sdaa",
            "/dev/nvme0n1",
            "sda ",
            "/dev/xvdA",
            "C:",
        ] {
            assert!(!is_device_name(wrong), "{wrong}");
        }
        let volume = EbsVolume {
            device_name: "disk".into(),
            size_gib: 0,
            volume_type: "gp3".into(),
            encrypted: None,
            iops: None,
            throughput: None,
        };
        let fields: Vec<_> = refused_settings(&volume).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, [DeviceName, VolumeSize]);
    }
}
