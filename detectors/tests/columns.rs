//! Names of columns as registries, claims and records' makers write them, each with the class that it must have.

use lazaret_detectors::class;

/// Columns of `relation` as `name=class`, nothing behind the `=` where it holds none.
#[track_caller]
fn check(relation: &str, columns: &str) {
    for column in columns.split_whitespace() {
        let (name, expected) = column.split_once('=').unwrap_or((column, ""));
        let class = class::by_name(relation, name).unwrap_or_default();
        assert_eq!(class.name(), expected, "{relation}.{name}");
    }
}

#[test]
fn the_common_data_model_of_ohdsi_is_classified() {
    check(
        "person",
        "person_id=unique_code gender_concept_id= year_of_birth=date month_of_birth=date \
         day_of_birth=date birth_datetime=date race_concept_id= ethnicity_concept_id= \
         gender_source_value= race_source_value=",
    );
    check(
        "location",
        "address_1=geography address_2=geography city=geography state= zip=zip \
         county=geography latitude=geography longitude=geography country_source_value=",
    );
    check("provider", "provider_name=name npi=license dea=license specialty_source_value=");
    check(
        "visit_occurrence",
        "person_id=unique_code visit_concept_id= visit_start_date=date \
         visit_start_datetime=date visit_end_date=date visit_end_datetime=date \
         admitted_from_source_value=",
    );
    check("death", "person_id=unique_code death_date=date death_datetime=date cause_concept_id=");
    check(
        "drug_exposure",
        "person_id=unique_code drug_concept_id= drug_exposure_start_date=date \
         drug_exposure_end_date=date verbatim_end_date=date stop_reason= refills= quantity= \
         days_supply= sig= drug_source_value= dose_unit_source_value=",
    );
    check(
        "measurement",
        "measurement_date=date measurement_datetime=date measurement_time=date \
         value_as_number= unit_source_value= range_low= range_high=",
    );
    check(
        "condition_occurrence",
        "condition_start_date=date condition_end_date=date condition_source_value=",
    );
    check(
        "procedure_occurrence",
        "procedure_date=date procedure_datetime=date procedure_source_value=",
    );
    check(
        "observation_period",
        "observation_period_start_date=date observation_period_end_date=date",
    );
    check("device_exposure", "unique_device_id=device device_exposure_start_date=date");
    check("note", "note_date=date note_datetime=date note_title= note_text=");
    check("specimen", "specimen_date=date specimen_datetime=date");
}

#[test]
fn the_tables_of_epics_clarity_are_classified() {
    check(
        "PATIENT",
        "PAT_ID=unique_code PAT_NAME=name PAT_FIRST_NAME=name PAT_LAST_NAME=name \
         PAT_MIDDLE_NAME=name ADD_LINE_1=geography ADD_LINE_2=geography CITY=geography \
         COUNTY_C=geography ZIP=zip HOME_PHONE=telephone WORK_PHONE=telephone \
         EMAIL_ADDRESS=email BIRTH_DATE=date SSN=ssn PAT_MRN_ID=medical_record DEATH_DATE=date \
         SEX_C= ETHNIC_GROUP_C= MEDICARE_NUM=health_plan MEDICAID_NUM=health_plan LANGUAGE_C= \
         MARITAL_STATUS_C= PAT_STATUS_C= FATHER_NAME=name MOTHER_NAME=name \
         TMP_ADDR_LINE_1=geography",
    );
    check(
        "PAT_ENC",
        "PAT_ID=unique_code PAT_ENC_CSN_ID=account CONTACT_DATE=date HOSP_ADMSN_TIME=date \
         HOSP_DISCHRG_TIME=date APPT_TIME=date CHECKIN_TIME=date ENC_TYPE_C= DEPARTMENT_ID= \
         BP_SYSTOLIC= WEIGHT= HEIGHT= BMI=",
    );
    check(
        "HSP_ACCOUNT",
        "HSP_ACCOUNT_ID=account GUAR_NAME=name GUAR_ADDR_1=geography GUAR_CITY=geography \
         GUAR_ZIP=zip GUAR_HM_PHONE=telephone GUAR_DOB=date GUAR_SSN=ssn \
         SUBSCR_NUM=health_plan ADM_DATE_TIME=date DISCH_DATE_TIME=date TOT_CHGS= \
         FINAL_DRG_ID=",
    );
    check(
        "COVERAGE",
        "SUBSCR_NUM=health_plan SUBSCR_NAME=name SUBSCR_SSN=ssn SUBSCR_BIRTHDATE=date \
         MEM_NUMBER=health_plan SUBSCR_ADDR=geography",
    );
    check("CLARITY_SER", "PROV_NAME=name");
    check("CLARITY_DEP", "DEPARTMENT_NAME= SPECIALTY=");
    check("CLARITY_MEDICATION", "NAME= GENERIC_NAME= PHARM_CLASS_C= STRENGTH= FORM= ROUTE=");
    check("ORDER_PROC", "ORDER_TIME=date RESULT_TIME=date PROC_CODE= DESCRIPTION= ORDER_PROC_ID=");
    check("ORDER_RESULTS", "ORD_VALUE= REFERENCE_UNIT= COMPONENT_ID= RESULT_DATE=date");
    check("IDENTITY_ID", "IDENTITY_ID=unique_code");
    check("CLARITY_EDG", "DX_NAME= CURRENT_ICD10_LIST=");
}

#[test]
fn the_tables_of_cerners_millennium_are_classified() {
    check(
        "person",
        "NAME_FULL_FORMATTED=name NAME_LAST_KEY=name NAME_FIRST_KEY=name NAME_LAST=name \
         NAME_FIRST=name NAME_MIDDLE=name BIRTH_DT_TM=date ABS_BIRTH_DT_TM=date \
         DECEASED_DT_TM=date SEX_CD= RACE_CD= PERSON_ID=unique_code",
    );
    check(
        "encounter",
        "REG_DT_TM=date DISCH_DT_TM=date ARRIVE_DT_TM=date ENCNTR_TYPE_CD= LOC_NURSE_UNIT_CD= \
         REASON_FOR_VISIT=",
    );
    check("address", "STREET_ADDR=geography STREET_ADDR2=geography CITY=geography ZIPCODE=zip");
    check("phone", "PHONE_NUM=telephone");
    check("prsnl", "NAME_FULL_FORMATTED=name USERNAME=unique_code");
    check("person_alias", "ALIAS=name");
    check(
        "clinical_event",
        "EVENT_END_DT_TM=date PERFORMED_DT_TM=date RESULT_VAL= RESULT_UNITS_CD= EVENT_CD=",
    );
}

#[test]
fn beneficiaries_and_claims_of_cms_are_classified() {
    check(
        "beneficiary",
        "BENE_ID=health_plan BENE_BIRTH_DT=date BENE_DEATH_DT=date BENE_SEX_IDENT_CD= \
         BENE_RACE_CD= SP_STATE_CODE= BENE_COUNTY_CD=geography BENE_ZIP_CD=zip \
         BENE_HIC_NUM=health_plan BENE_MBI_ID=health_plan BENE_SRNM_NAME=name \
         BENE_GVN_NAME=name BENE_LINE_1_ADR=geography BENE_CITY_NAME=geography BENE_ESRD_IND= \
         SP_DIABETES=",
    );
    check(
        "claims",
        "CLM_ID= CLM_FROM_DT=date CLM_THRU_DT=date CLM_ADMSN_DT=date NCH_BENE_DSCHRG_DT=date \
         AT_PHYSN_NPI=license OP_PHYSN_NPI=license ICD9_DGNS_CD_1= HCPCS_CD_1= CLM_PMT_AMT= \
         LINE_NCH_PMT_AMT_1= CLM_DRG_CD= TAX_NUM_1=ssn SRVC_DT=date PROD_SRVC_ID= \
         QTY_DSPNSD_NUM= DAYS_SUPLY_NUM=",
    );
}

#[test]
fn the_tables_of_mimic_are_classified() {
    check("patients", "subject_id=unique_code gender= anchor_age=age anchor_year= dod=date");
    check(
        "admissions",
        "subject_id=unique_code hadm_id=account admittime=date dischtime=date deathtime=date \
         admission_type= admission_location= insurance= language= marital_status= race= \
         hospital_expire_flag=",
    );
    check(
        "labevents",
        "charttime=date storetime=date itemid= valuenum= valueuom= ref_range_lower= flag= \
         priority=",
    );
    check("icustays", "stay_id= intime=date outtime=date los= first_careunit=");
}

#[test]
fn the_tables_of_pcornet_and_i2b2_are_classified() {
    check("demographic", "PATID=unique_code BIRTH_DATE=date BIRTH_TIME=date SEX= HISPANIC= RACE=");
    check("encounter", "PATID=unique_code ADMIT_DATE=date DISCHARGE_DATE=date ENC_TYPE= DRG=");
    check(
        "patient_dimension",
        "patient_num=medical_record birth_date=date death_date=date zip_cd=zip \
         age_in_years_num=age sex_cd= race_cd= vital_status_cd= language_cd= religion_cd=",
    );
}

#[test]
fn fhir_flattened_to_columns_is_classified() {
    check(
        "patient",
        "name_family=name name_given=name name_given_0=name name_text=name \
         telecom_value=telephone telecom_0_value=telephone birth_date=date birthDate=date \
         deceasedDateTime=date deceased_date_time=date address_line=geography \
         address_line_0=geography address_city=geography address_postal_code=zip \
         address_postalCode=zip address_district=geography address_text=geography \
         contact_name_text=name contact_name_family=name contact_telecom_value=telephone \
         identifier_value=unique_code maritalStatus= gender=",
    );
    check(
        "observation",
        "subject_reference=unique_code subject_display=name performer_display=name \
         effective_date_time=date effectiveDateTime=date issued=date code_display= \
         valueQuantity_value= valueQuantity_unit= code_text= status= category_code=",
    );
    check("encounter", "period_start=date period_end=date class_code= subject_display=name");
    check(
        "condition",
        "recorded_date=date onset_date_time=date onsetDateTime=date abatement_date_time=date \
         code_text= clinicalStatus= recorder_display=name",
    );
    check(
        "medicationrequest",
        "authored_on=date authoredOn=date requester_display=name dosage_text= \
         medication_display=",
    );
    check("coverage", "subscriber_id=health_plan subscriberId=health_plan");
}

#[test]
fn abbreviated_names_are_read_in_full() {
    check(
        "members",
        "mbr_id=health_plan mbr_nbr=health_plan mbr_nm=name mbr_fst_nm=name mbr_lst_nm=name \
         mbr_first_nm=name mbr_dob=date mbr_ssn=ssn mem_id=health_plan memb_no=health_plan \
         subs_id=health_plan subscr_id=health_plan subscr_ssn=ssn subscr_nm=name grp_no= \
         plan_cd= eff_dt=date term_dt=date",
    );
    check(
        "demog",
        "pt_nm=name pt_fnm=name pt_lnm=name pt_fname=name pt_lname=name pt_first=name \
         pt_last=name pt_name=name ptname=name patname=name fst_nm=name lst_nm=name \
         frst_nm=name first_nm=name last_nm=name firstnm=name lastnm=name mid_nm=name \
         mid_init=name midl_nm=name given_nm=name fam_nm=name full_nm=name nm_first=name \
         nm_last=name name_first=name name_last=name lastname1=name dob_dt=date brth_dt=date \
         bth_dt=date birthdt=date birth_dt=date dt_of_birth=date dt_birth=date date_birth=date \
         d_o_b=date bdate=date dateofbirth=date ss_nbr=ssn soc_sec_no=ssn soc_sec_nbr=ssn \
         ssno=ssn ssn_nbr=ssn ssn_last4=ssn last4_ssn=ssn social=ssn",
    );
    check(
        "addr",
        "addr_ln_1=geography addr_ln1=geography addr1=geography adr=geography adr1=geography \
         addr_line1=geography strt_addr=geography str_addr=geography street_nm=geography \
         street1=geography st_addr=geography mail_addr=geography cty_nm=geography \
         city_nm=geography cnty=geography cnty_nm=geography county_nm=geography zip_cd=zip \
         zip5=zip zip4=zip zipcd=zip zp_cd=zip zip_plus4=zip zip_plus_4=zip post_cd=zip \
         postcd=zip geo_lat=geography geo_lon=geography geo_lng=geography \
         census_tract=geography census_block=geography neighborhood=geography apt_no=geography",
    );
    check(
        "contact",
        "cntct_ph=telephone cntct_nm=name ph_no=telephone ph_nbr=telephone ph=telephone \
         phn=telephone phn_nbr=telephone phone_no=telephone hm_ph=telephone home_ph=telephone \
         wk_ph=telephone work_ph=telephone mob_no=telephone mobile_no=telephone \
         cell_no=telephone cell_ph=telephone cell_nbr=telephone tel_no=telephone \
         tel_nbr=telephone day_ph=telephone eve_phone=telephone fx_no=fax fax_no=fax \
         fax_nbr=fax eml=email email_addr=email e_mail=email emailaddr=email \
         emerg_cntct_nm=name emer_contact=name emergency_contact=name emerg_contact_name=name \
         emergency_contact_phone=telephone emerg_ph=telephone",
    );
    check(
        "ids",
        "mrn_nbr=medical_record mrn_no=medical_record med_rec_no=medical_record \
         med_rec_nbr=medical_record mr_no=medical_record mr_num=medical_record \
         mr_number=medical_record hosp_no=medical_record chart_nbr=medical_record \
         enterprise_id= fin_nbr=account fin=account har=account csn=account visit_acct=account \
         patient_acct_no=account pt_acct=account acct_no=account acct_nbr=account \
         bank_acct=account iban=account cc_num=account card_no=account credit_card_no=account \
         cc_nbr=account routing_no=account",
    );
    check(
        "kin",
        "guar_name=name guar_nm=name grntr_nm=name guarantor=name guarantor_phone=telephone \
         nok_name=name nok_phone=telephone nok_nm=name nok_addr=geography spouse_nm=name \
         spouse_name=name spouse=name mother=name mthr_maiden_nm=name mothers_maiden_name=name \
         mother_maiden=name fathers_name=name father_nm=name parent_name=name emp_name=name \
         employer_nm=name caregiver_name=name legal_guardian=name poa_name=name",
    );
    check(
        "prov",
        "prov_npi=license rndrng_prov_npi=license npi_nbr=license prov_nm=name prov_name=name \
         prov_last_nm=name phys_nm=name physician_nm=name att_phys=name attending_phys_nm=name \
         attending_physician=name ref_phys_nm=name referring_physician=name pcp=name \
         pcp_nm=name pcp_name=name dr_name=name surgeon=name surgeon_nm=name nurse_name=name \
         ordering_provider=name rendering_provider_name=name prescriber=name \
         prescriber_nm=name dea_no=license dea_nbr=license lic_no=license license_nbr=license \
         state_lic_no=license radiologist=name pathologist=name dictated_by=name \
         signed_by=name verified_by=name",
    );
    check(
        "lic",
        "dl_no=license dl_nbr=license drv_lic=license drv_lic_no=license driv_lic_num=license \
         drivers_lic=license driver_license=license passport_no=license passport_nbr=license \
         cert_no=license",
    );
    check(
        "veh",
        "lic_plate=vehicle plate_no=vehicle vin_no=vehicle veh_vin=vehicle \
         vehicle_id_number=vehicle",
    );
    check(
        "dev",
        "dev_ser_no=device serial_no=device serial_nbr=device ser_no=device dev_sn=device \
         device_id=device imei_no=device mac_addr=device udi_di=device implant_serial=device",
    );
    check(
        "net",
        "ip_addr=ip_address ipaddr=ip_address ip=ip_address client_ip=ip_address \
         src_ip=ip_address remote_addr=ip_address web_site=url website_url=url homepage=url \
         user_agent= session_id=",
    );
    check(
        "bio",
        "fp_template=biometric finger_print=biometric face_img=photograph photo=photograph \
         pt_photo=photograph photo_url=url voice_print=biometric retina_scan=biometric",
    );
    check(
        "visits",
        "adm_dt=date admt_dt=date admit_dt=date adm_date=date disch_dt=date dschrg_dt=date \
         dsch_date=date svc_dt=date srvc_dt=date srvc_from_dt=date svc_from=date dos=date \
         dos_from=date dos_to=date appt_dt=date visit_dt=date enc_dt=date onset_dt=date \
         death_dt=date expired_dt=date dod_dt=date",
    );
    check(
        "lab",
        "coll_dt=date coll_dttm=date spec_coll_dttm=date result_dt=date result_dttm=date \
         order_dttm=date collected_at=date received_on=date test_nm= test_name= test_cd= \
         loinc_cd= result_val= result_value= units= uom= ref_range= abn_flag= specimen_type= \
         panel_name= component_name= analyte_name=",
    );
    check(
        "rx",
        "rx_dt=date fill_dt=date fill_date=date drug_nm= drug_name= brand_name= generic_name= \
         med_nm= medication_name= ndc= ndc_cd= sig= qty= refills= days_supply= strength= \
         pharmacy_name= rx_no=unique_code rx_number=unique_code",
    );
    check(
        "ages",
        "age_yrs=age pt_age=age patient_age=age age_at_visit=age age_in_years=age \
         age_at_death=age ageyears=age age_months=age",
    );
}

#[test]
fn what_describes_no_person_has_no_class() {
    check(
        "facilities",
        "facility_cd= facility_name= hospital_name= facility_id= dept_nm= dept_cd= unit_nm= \
         bed_no= room_no= specialty= bed_count=",
    );
    check("plans", "payer_name= plan_name= group_name= plan_id= payer_id= copay_amt= premium=");
    check(
        "diagnosis",
        "dx_cd= icd_cd= icd10_cd= dx_desc= diag_desc= diagnosis_name= problem_name= severity= \
         snomed_cd= laterality=",
    );
    check("procs", "cpt_cd= proc_nm= proc_cd= procedure_name= modifier= rvu=");
    check("vitals", "bp_sys= bp_dia= hr= rr= temp_c= spo2= wt_kg= ht_cm= bmi= pain_score= gcs=");
    check(
        "billing",
        "charge_amt= paid_amt= allowed_amt= balance= drg_cd= rev_cd= modifier_1= units_billed= \
         invoice_total=",
    );
    check(
        "admin",
        "status_cd= state= country= race= ethnicity= gender= sex= marital_status= language= \
         religion= created_version=version los_days= row_count= is_active= error_message= \
         table_name= column_name= file_name= job_name= event_name= event_type= metric_name= \
         host_count= report_name= language_name= role_name= schema_name= index_name= \
         status_name= country_name= currency= vendor_name= product_name= item_name= \
         category_name= color= model_name= manufacturer_name= trial_phase= study_name= \
         protocol_name= gene_name= variant_name= organism_name= allergen_name= vaccine_name= \
         imaging_modality= body_part= diet_name= form_name= question_text= answer_code=",
    );
}

#[test]
fn whole_words_are_not_cut_into_abbreviations() {
    check(
        "",
        "subsidy= latency= serving= lineage= police= prompt= template= scope= adjudication= \
         material= department= laboratory= dialysis= pathway= platelets= protein=",
    );
}
