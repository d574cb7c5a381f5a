//! The processor architectures of Lambda functions, and which of them an executable was built for.

use std::fmt;

/// A processor architecture on which Lambda runs functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// AWS Graviton.
    Arm64,
}

impl Architecture {
    /// How many bytes of an executable [`of_executable`](Self::of_executable) needs.
    pub const HEADER_BYTES: usize = 20;

    /// The architecture that an ELF file was built for, by its header: 64 bits, little-endian, with the machine at byte 18
    /// (<https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>). `None` if Lambda does not run it.
    #[must_use]
    pub fn of_executable(file: &[u8]) -> Option<Self> {
        let header: &[u8; Self::HEADER_BYTES] = file.first_chunk()?;
        let [0x7f, b'E', b'L', b'F', 2, 1, .., machine, 0] = header else { return None };
        match machine {
            62 => Some(Self::X86_64),
            183 => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The name in Lambda's API: `x86_64` or `arm64`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Architecture;

    fn elf(class: u8, machine: [u8; 2]) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1]);
        file[18..20].copy_from_slice(&machine);
        file
    }

    #[test]
    fn machine_of_the_header_decides() {
        assert_eq!(Architecture::of_executable(&elf(2, [62, 0])), Some(Architecture::X86_64));
        assert_eq!(Architecture::of_executable(&elf(2, [183, 0])), Some(Architecture::Arm64));
        for other in [elf(2, [243, 0]), elf(1, [62, 0]), elf(2, [62, 1]), b"\xcf\xfa\xed\xfe".to_vec(), Vec::new()] {
            assert_eq!(Architecture::of_executable(&other), None);
        }
    }
}
